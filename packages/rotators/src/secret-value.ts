import { inspect } from "node:util";

/** How a value's bytes are shown: as text, or, where they are none, as base64. */
export type Encoding = "utf8" | "base64";

/** A value on its way through a rotation: its bytes come out by name only, and it prints as `[redacted]`. */
export class SecretValue {
  readonly #bytes: Buffer;
  readonly encoding: Encoding;

  private constructor(bytes: Buffer, encoding: Encoding) {
    this.#bytes = bytes;
    this.encoding = encoding;
  }

  static ofText(text: string): SecretValue {
    return new SecretValue(Buffer.from(text, "utf8"), "utf8");
  }

  /** Takes a copy. */
  static ofBytes(bytes: Uint8Array, encoding: Encoding = "base64"): SecretValue {
    return new SecretValue(Buffer.from(bytes), encoding);
  }

  /** The value as text, UTF-8. */
  unsafelyText(): string {
    return this.#bytes.toString("utf8");
  }

  /** A view of the bytes, which `wipe` overwrites. */
  unsafelyBytes(): Buffer {
    return this.#bytes;
  }

  equals(other: SecretValue): boolean {
    return this.#bytes.equals(other.#bytes);
  }

  /** Overwrites the bytes held here. Strings that were made of them are the engine's to forget. */
  wipe(): void {
    this.#bytes.fill(0);
  }

  toString(): string {
    return "[redacted]";
  }

  toJSON(): string {
    return "[redacted]";
  }

  [inspect.custom](): string {
    return "[redacted]";
  }
}
