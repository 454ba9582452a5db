/*
 * Decoded by hand, from bytes to bytes: a root key that never becomes a JavaScript string can be zeroed after use.
 * Strict, so that a typing error or a cut copy is refused and never yields another key.
 */

const NOTHING = -1;

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : NOTHING;
}

function base64Digit(code: number): number {
  if (code >= 0x41 && code <= 0x5a) return code - 0x41;
  if (code >= 0x61 && code <= 0x7a) return code - 0x61 + 26;
  if (code >= 0x30 && code <= 0x39) return code - 0x30 + 52;
  if (code === 0x2b || code === 0x2d) return 62; // + and its base64url form -
  if (code === 0x2f || code === 0x5f) return 63; // / and _
  return NOTHING;
}

/** Decodes digits of `bits` bits each; undefined where a digit is none, or where bits that carry nothing are set. */
function decode(text: Uint8Array, bits: number, digit: (code: number) => number): Buffer | undefined {
  const out = Buffer.alloc(Math.floor((text.length * bits) / 8));
  let pending = 0;
  let pendingBits = 0;
  let at = 0;
  for (const code of text) {
    const value = digit(code);
    if (value === NOTHING) {
      out.fill(0);
      return undefined;
    }
    pending = (pending << bits) | value;
    pendingBits += bits;
    if (pendingBits >= 8) {
      pendingBits -= 8;
      out[at++] = pending >> pendingBits;
      pending &= (1 << pendingBits) - 1;
    }
  }
  if (pendingBits >= bits || pending !== 0) {
    out.fill(0);
    return undefined;
  }
  return out;
}

const WHITE = new Set([0x09, 0x0a, 0x0d, 0x20]);

/** The text without white space at its ends, as a view. */
export function trimText(text: Uint8Array): Uint8Array {
  let start = 0;
  let end = text.length;
  while (start < end && WHITE.has(text[start]!)) start++;
  while (end > start && WHITE.has(text[end - 1]!)) end--;
  return text.subarray(start, end);
}

function withoutPadding(text: Uint8Array): Uint8Array {
  if (text.length % 4 !== 0) return text;
  let end = text.length;
  while (end > text.length - 2 && text[end - 1] === 0x3d) end--;
  return text.subarray(0, end);
}

/**
 * Decodes 64 hex digits, or base64 or base64url of any length with or without padding (RFC 4648).
 * The caller zeroes the answer; undefined for a text that is neither.
 */
export function decodeKeyText(text: Uint8Array): Buffer | undefined {
  const hex = text.length === 64 ? decode(text, 4, hexDigit) : undefined;
  return hex ?? decode(withoutPadding(text), 6, base64Digit);
}
