import { EnvelopeError } from "./error.ts";

/*
 * Only the canonical form (RFC 9562: lower case, 8-4-4-4-12) is taken, so that an id has one spelling and one
 * encoding. By hand instead of by regular expression and hex decoding: five ids stand in every AAD.
 */

const TEXT_LENGTH = 36;

const nibbles = new Int8Array(128).fill(-1);
for (let value = 0; value < 16; value++) nibbles["0123456789abcdef".charCodeAt(value)] = value;

function nibbleAt(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code < 128 ? nibbles[code]! : -1;
}

/**
 * Writes the 16 bytes of a canonical lower-case UUID at an offset.
 * @throws EnvelopeError `malformed` for any other text; nothing else is guaranteed about the target then.
 */
export function writeUuid(target: Uint8Array, offset: number, id: string): void {
  if (typeof id !== "string" || id.length !== TEXT_LENGTH) throw notCanonical();
  let index = 0;
  for (let byte = 0; byte < 16; byte++) {
    if (byte === 4 || byte === 6 || byte === 8 || byte === 10) {
      if (id.charCodeAt(index++) !== 0x2d) throw notCanonical();
    }
    const high = nibbleAt(id, index++);
    const low = nibbleAt(id, index++);
    if (high < 0 || low < 0) throw notCanonical();
    target[offset + byte] = (high << 4) | low;
  }
}

function notCanonical(): EnvelopeError {
  return new EnvelopeError("malformed", "A place names an id that is not a canonical lower-case UUID.");
}
