import { isUtf8 } from "node:buffer";
import { timingSafeEqual } from "node:crypto";
import { Redacted } from "./redacted.ts";

/** How a value's bytes are written: as text, or, where they are none, as base64. */
export type Encoding = "utf8" | "base64";

/**
 * A value, from where it is decrypted, made or taken in to where it is written out. It prints as `[redacted]`, its length
 * is not told by that either, and structuredClone and postMessage refuse it. Its bytes come out by methods whose names begin
 * with `unsafely`: look for that word to find every place where a value is in the open.
 */
export class SecretValue extends Redacted {
  readonly #bytes: Buffer;
  readonly #encoding: Encoding;

  private constructor(bytes: Buffer, encoding: Encoding) {
    super();
    this.#bytes = bytes;
    this.#encoding = encoding;
  }

  static ofText(text: string): SecretValue {
    return new SecretValue(Buffer.from(text, "utf8"), "utf8");
  }

  /** Takes a copy. */
  static ofBytes(bytes: Uint8Array, encoding: Encoding = "base64"): SecretValue {
    return new SecretValue(Buffer.from(bytes), encoding);
  }

  /** Takes the bytes themselves over: nobody else holds them any more, and `wipe` overwrites them. */
  static takeOver(bytes: Buffer, encoding: Encoding): SecretValue {
    return new SecretValue(bytes, encoding);
  }

  /** The same for bytes of which nobody said what they are: text, where they are UTF-8. */
  static takeOverGiven(bytes: Buffer): SecretValue {
    return new SecretValue(bytes, isUtf8(bytes) ? "utf8" : "base64");
  }

  copy(): SecretValue {
    return SecretValue.ofBytes(this.#bytes, this.#encoding);
  }

  get encoding(): Encoding {
    return this.#encoding;
  }

  /** How many bytes it has, for limits and sums. A method: what is got by itself, an inspector shows. */
  countBytes(): number {
    return this.#bytes.length;
  }

  /** The value as text, UTF-8. */
  unsafelyText(): string {
    return this.#bytes.toString("utf8");
  }

  /** The value as answers write it: in its own encoding. */
  unsafelyEncoded(): string {
    return this.#bytes.toString(this.#encoding);
  }

  /** A view of the bytes, which `wipe` overwrites. */
  unsafelyBytes(): Buffer {
    return this.#bytes;
  }

  /** Whether both are the same bytes, told in a time that says at most whether they are as long. */
  equals(other: SecretValue): boolean {
    return this.#bytes.length === other.#bytes.length && timingSafeEqual(this.#bytes, other.#bytes);
  }

  /** Overwrites the bytes held here. Strings that were made of them are the engine's to forget. */
  wipe(): void {
    this.#bytes.fill(0);
  }
}
