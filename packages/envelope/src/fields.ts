import { EnvelopeError } from "./error.ts";
import { writeUuid } from "./uuid.ts";

/*
 * Canonical encoding of a list of fields, used for every AAD and for derivation contexts:
 *
 *   for each field:  length (u32, big-endian) ‖ bytes
 *
 * The lengths make it injective: no two different lists of fields encode to the same bytes.
 */

const LENGTH_BYTES = 4;

/**
 * Encodes fields, each prefixed with its length in bytes as u32 big-endian; strings as UTF-8.
 * Also fit for what is put under a MAC.
 */
export function encodeFields(fields: readonly (Uint8Array | string)[]): Buffer {
  const parts = fields.map((field) => (typeof field === "string" ? Buffer.from(field, "utf8") : field));
  const writer = new FieldWriter(parts.reduce((size, part) => size + LENGTH_BYTES + part.length, 0));
  for (const part of parts) writer.bytes(part);
  return writer.done();
}

/** Writes fields into one buffer of known size: an AAD is built for every seal and open, so it allocates once. */
export class FieldWriter {
  readonly #buffer: Buffer;
  #at = 0;

  /** @param size total size in bytes, length prefixes included */
  constructor(size: number) {
    this.#buffer = Buffer.allocUnsafe(size);
  }

  #length(length: number): void {
    this.#at = this.#buffer.writeUInt32BE(length, this.#at);
  }

  bytes(field: Uint8Array): this {
    this.#length(field.length);
    this.#buffer.set(field, this.#at);
    this.#at += field.length;
    return this;
  }

  /** Printable ASCII only: labels, purposes and openers. */
  ascii(field: string): this {
    this.#length(field.length);
    this.#at += this.#buffer.write(field, this.#at, "latin1");
    return this;
  }

  /** 16 bytes. */
  uuid(id: string): this {
    this.#length(16);
    writeUuid(this.#buffer, this.#at, id);
    this.#at += 16;
    return this;
  }

  u8(field: number): this {
    this.#length(1);
    this.#at = this.#buffer.writeUInt8(field, this.#at);
    return this;
  }

  u32(field: number): this {
    this.#length(4);
    this.#at = this.#buffer.writeUInt32BE(field, this.#at);
    return this;
  }

  /** A non-negative safe integer as u64 big-endian; two halves, because BigInt costs more than the rest of the AAD. */
  u64(field: number): this {
    this.#length(8);
    this.#at = this.#buffer.writeUInt32BE(Math.floor(field / 0x1_0000_0000), this.#at);
    this.#at = this.#buffer.writeUInt32BE(field % 0x1_0000_0000, this.#at);
    return this;
  }

  /** The encoding. @throws EnvelopeError `malformed` where the fields do not fill the announced size. */
  done(): Buffer {
    if (this.#at !== this.#buffer.length) throw new EnvelopeError("malformed");
    return this.#buffer;
  }
}
