import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import type { SecretKey } from "@keyfold/envelope";
import { KeyfoldError } from "../error.ts";

/*
 * Argon2id (RFC 9106, version 0x13), over HMAC-SHA-256 of the password's UTF-8 in NFKC (NIST SP 800-63B-4) under a key
 * that is not in the database: who has only the database cannot even begin to guess.
 *
 * Stored as $argon2id$v=19$m=…,t=…,p=1$salt$hash, so that the cost can grow.
 */

/** OWASP's first recommendation: 19 MiB and two passes. */
const MEMORY_KIB = 19 * 1024;
const PASSES = 2;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const STORED = /^\$argon2id\$v=19\$m=(\d{4,7}),t=(\d{1,2}),p=1\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;

/** As many at once as leave Node's four threads something for the rest; and as many more as may wait for them. */
const AT_ONCE = 2;
const MOST_WAITING = 64;

/** Hashes and verifies passwords by Argon2id (RFC 9106), keyed, a few at once. */
export class Passwords {
  readonly #key: SecretKey;
  readonly #cost: { memory: number; passes: number };
  readonly #dummy: string;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(key: SecretKey, cost = { memory: MEMORY_KIB, passes: PASSES }) {
    this.#key = key;
    this.#cost = cost;
    const text = (bytes: number) => randomBytes(bytes).toString("base64").replaceAll("=", "");
    this.#dummy = `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=1$${text(SALT_BYTES)}$${text(HASH_BYTES)}`;
  }

  /** @throws KeyfoldError `busy` when too many wait already */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const { memory, passes } = this.#cost;
    const hash = await this.#argon2id(password, salt, memory, passes);
    const text = (bytes: Buffer) => bytes.toString("base64").replaceAll("=", "");
    return `$argon2id$v=19$m=${memory},t=${passes},p=1$${text(salt)}$${text(hash)}`;
  }

  /**
   * Whether this is the password. Where there is none to compare with (null), the same work is done in vain.
   * @throws KeyfoldError `busy`
   */
  async verify(password: string, stored: string | null): Promise<boolean> {
    const parts = STORED.exec(stored ?? this.#dummy);
    if (parts === null) throw new KeyfoldError("integrity_failed");
    const [, memory, passes, salt, hash] = parts as unknown as [string, string, string, string, string];
    const made = await this.#argon2id(password, Buffer.from(salt, "base64"), Number(memory), Number(passes));
    return timingSafeEqual(made, Buffer.from(hash, "base64")) && stored !== null;
  }

  async #argon2id(password: string, nonce: Buffer, memory: number, passes: number): Promise<Buffer> {
    await this.#turn();
    const message = this.#key.hmacSha256("keyfold/password/v1\0", password.normalize("NFKC"));
    try {
      return await new Promise((resolve, reject) =>
        argon2(
          "argon2id",
          { message, nonce, parallelism: 1, tagLength: HASH_BYTES, memory, passes },
          (error, made) => (error ? reject(error) : resolve(made)),
        ),
      );
    } finally {
      message.fill(0);
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    if (this.#running >= AT_ONCE) {
      if (this.#waiting.length >= MOST_WAITING) throw new KeyfoldError("busy");
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running++;
  }
}
