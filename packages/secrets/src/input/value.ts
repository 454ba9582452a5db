import { type Encoding, Redacted, SecretValue } from "@keyfold/envelope";
import { KeyfoldError } from "../error.ts";

/** A value as a caller wrote it, of which its schema makes this at once: text or base64, to be decoded. Prints as `[redacted]`. */
export class GivenValue extends Redacted {
  readonly #text: string;

  constructor(text: string) {
    super();
    this.#text = text;
  }

  unsafelyText(): string {
    return this.#text;
  }
}

/**
 * A value out of what a caller wrote, for the caller of this to wipe.
 * @param maxBytes the deployment's limit, decoded
 * @throws KeyfoldError `bad_input`, `too_large`; neither says anything of the value
 */
export function decodeValue(
  given: GivenValue,
  encoding: Encoding,
  maxBytes: number,
  path = "value",
): SecretValue {
  const text = given.unsafelyText();
  const refuse = (message: string) => new KeyfoldError("bad_input", { issues: [{ path, message }] });
  // Before anything is copied: no encoding makes bytes out of fewer than 3/4 as many characters.
  if (text.length > maxBytes * 1.4 + 8) throw tooLarge(maxBytes);
  if (encoding === "utf8" && !text.isWellFormed())
    throw refuse("holds a lone surrogate, which UTF-8 cannot carry");
  const bytes = Buffer.from(text, encoding);
  // Node skips what is no base64 without a word; what comes in must be what goes out.
  if (encoding === "base64" && bytes.toString("base64") !== text)
    throw refuse("is not base64 (RFC 4648 §4, with padding)");
  if (bytes.length === 0) throw refuse("is empty");
  if (bytes.length > maxBytes) throw tooLarge(maxBytes);
  return SecretValue.takeOver(bytes, encoding);
}

/** Most bytes of values that one call carries, decoded. */
const MAX_BULK_BYTES = 8 * 1024 * 1024;

/** @param bytes of all values that a call carries @throws KeyfoldError `too_large` */
export function checkBulk(bytes: number): void {
  if (bytes > MAX_BULK_BYTES)
    throw new KeyfoldError("too_large", {
      sentence: `One call carries at most ${MAX_BULK_BYTES} bytes of values.`,
    });
}

/** A row's word for how its value goes out: as it came in. */
export const encodingOf = (stored: string): Encoding => (stored === "base64" ? "base64" : "utf8");

const tooLarge = (maxBytes: number) =>
  new KeyfoldError("too_large", { sentence: `A value has at most ${maxBytes} bytes here.` });
