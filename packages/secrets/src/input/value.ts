import { KeyfoldError } from "../error.ts";

export type Encoding = "utf8" | "base64";

/**
 * The bytes of a value as it came in.
 * @param maxBytes the deployment's limit, decoded
 * @throws KeyfoldError `bad_input`, `too_large`; neither says anything of the value
 */
export function decodeValue(
  value: string,
  encoding: Encoding,
  maxBytes: number,
  path = "value",
): Buffer<ArrayBuffer> {
  const refuse = (message: string) => new KeyfoldError("bad_input", { issues: [{ path, message }] });
  // Before anything is copied: no encoding makes bytes out of fewer than 3/4 as many characters.
  if (value.length > maxBytes * 1.4 + 8) throw tooLarge(maxBytes);
  if (encoding === "utf8" && !value.isWellFormed())
    throw refuse("holds a lone surrogate, which UTF-8 cannot carry");
  const bytes = Buffer.from(value, encoding);
  // Node skips what is no base64 without a word; what comes in must be what goes out.
  if (encoding === "base64" && bytes.toString("base64") !== value)
    throw refuse("is not base64 (RFC 4648 §4, with padding)");
  if (bytes.length === 0) throw refuse("is empty");
  if (bytes.length > maxBytes) throw tooLarge(maxBytes);
  return bytes;
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

/** A value as it goes out, in the encoding in which it came. */
export function encodeValue(bytes: Buffer, encoding: string): { value: string; encoding: Encoding } {
  return encoding === "base64"
    ? { value: bytes.toString("base64"), encoding: "base64" }
    : { value: bytes.toString("utf8"), encoding: "utf8" };
}

const tooLarge = (maxBytes: number) =>
  new KeyfoldError("too_large", { sentence: `A value has at most ${maxBytes} bytes here.` });
