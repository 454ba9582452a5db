import { Buffer } from "buffer";

type From = (value: unknown, encoding?: unknown, length?: number) => Buffer;

// The library reads base64 in both spellings under one name, and writes one of them.
const from = Buffer.from as unknown as From;
const write = Buffer.prototype.toString;
Object.assign(Buffer, {
  from: ((value, encoding, length) =>
    from(value, encoding === "base64url" ? "base64" : encoding, length)) satisfies From,
});
Buffer.prototype.toString = function (this: Buffer, encoding?: BufferEncoding, start?: number, end?: number) {
  if (encoding !== "base64url") return write.call(this, encoding, start, end);
  return write.call(this, "base64", start, end).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};
(globalThis as { Buffer?: unknown }).Buffer = Buffer;

export { Buffer };
