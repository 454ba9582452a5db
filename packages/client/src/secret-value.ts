import type { Revealed } from "./router.ts";

/** A value as the wire carries it: text as it is, bytes as base64. */
export type Wire = Pick<Revealed, "value" | "encoding">;

/**
 * A value in this client, from where it was answered to where it is handed out. It prints and serializes as `[redacted]`, its
 * length is not told by that either, and a clone of it is an empty object. The server's own class of this name needs Node.
 */
export class SecretValue {
  readonly #text: string;
  readonly #encoding: Wire["encoding"];

  constructor({ value, encoding }: Wire) {
    this.#text = value;
    this.#encoding = encoding;
  }

  /** What the caller asked for: its text, or its bytes in base64. */
  unsafelyWire(): Wire {
    return { value: this.#text, encoding: this.#encoding };
  }

  /** How many bytes it takes in memory, about. */
  countBytes(): number {
    return 2 * this.#text.length;
  }

  toString(): string {
    return "[redacted]";
  }

  toJSON(): string {
    return "[redacted]";
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "[redacted]";
  }
}

/** What a read answered, as this client carries it. */
export type Held = Omit<Revealed, "value" | "encoding"> & { readonly value: SecretValue };

/** Wraps an answer's value, as soon as it is here. */
export function held({ value, encoding, ...about }: Revealed): Held {
  return { ...about, value: new SecretValue({ value, encoding }) };
}
