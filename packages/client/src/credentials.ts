import { KeyfoldClientError } from "./error.ts";

export type Token = string | (() => string | Promise<string>);

/** The token of one call, and the number that the cache knows it by. It prints as `[redacted]`. */
export class Credential {
  /** The same for the same token, in this client; never used for another. Says nothing of the token. */
  readonly number: number;
  readonly #token: string;

  constructor(token: string, number: number) {
    this.#token = token;
    this.number = number;
  }

  /** The Authorization header's value. */
  header(): string {
    return `Bearer ${this.#token}`;
  }

  toJSON(): string {
    return "[redacted]";
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "[redacted]";
  }
}

/** Tokens remembered at most. One that was forgotten gets a new number, and so finds nothing in the cache. */
const MOST_KEPT = 1000;

/**
 * Gives the credential of a call. A token function can give another tenant's token from one call to the next, so a
 * read asks once, looks into the cache under that token, and sends that same token.
 */
export class Credentials {
  readonly #token: Token;
  readonly #known = new Map<string, Credential>();
  #numbers = 0;

  constructor(token: Token) {
    this.#token = token;
  }

  /** @throws KeyfoldClientError `unauthenticated` where the token function fails or gives no token */
  async current(): Promise<Credential> {
    const token = await this.#ask();
    const credential = this.#known.get(token) ?? new Credential(token, ++this.#numbers);
    // Put last: the one that was used longest ago is forgotten first.
    this.#known.delete(token);
    this.#known.set(token, credential);
    const oldest = this.#known.keys().next().value;
    if (this.#known.size > MOST_KEPT && oldest !== undefined) this.#known.delete(oldest);
    return credential;
  }

  async #ask(): Promise<string> {
    if (typeof this.#token === "string") return this.#token;
    try {
      return checkToken(await this.#token());
    } catch {
      throw new KeyfoldClientError("unauthenticated", { message: "The token function gave no token." });
    }
  }
}

/** @throws TypeError for a token that no header can hold: fetch's own error would quote it */
export function checkToken(token: string): string {
  if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new TypeError("The token is empty or holds characters that no token has.");
}
