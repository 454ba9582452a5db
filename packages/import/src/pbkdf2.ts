import { pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import { SourceError } from "./entry.ts";

/** How an old system made its key from a passphrase. */
export interface Pbkdf2Parameters {
  hash: "sha256" | "sha512";
  iterations: number;
  salt: Buffer;
}

const FORM = /^(sha256|sha512):([1-9]\d{3,7}):((?:[0-9a-f]{2}){8,64})$/i;

/** Reads `HASH:ITERATIONS:SALT`, the salt in hex, of 8 to 64 bytes; 1 000 to 10 000 000 iterations. @throws SourceError */
export function parsePbkdf2(text: string): Pbkdf2Parameters {
  const [, hash, iterations, salt] = FORM.exec(text) ?? [];
  if (hash === undefined || Number(iterations) > 10_000_000)
    throw new SourceError(
      "PBKDF2's parameters are HASH:ITERATIONS:SALT, such as sha512:100000:00112233445566778899aabbccddeeff: sha256 or sha512, 1 000 to 10 000 000 iterations, a salt of 8 to 64 bytes in hex.",
    );
  return {
    hash: hash.toLowerCase() as "sha256" | "sha512",
    iterations: Number(iterations),
    salt: Buffer.from(salt!, "hex"),
  };
}

/**
 * 32 bytes from a passphrase by PBKDF2 (RFC 8018) with HMAC. Only to open what another system sealed: it costs an attacker
 * with graphics cards little, so Keyfold makes nothing new under such a key. Any passphrase is taken, and its bytes are zeroed.
 */
export async function keyByPbkdf2(passphrase: Buffer, parameters: Pbkdf2Parameters): Promise<Buffer> {
  const { salt, iterations, hash } = parameters;
  try {
    return await promisify(pbkdf2)(passphrase, salt, iterations, 32, hash);
  } finally {
    passphrase.fill(0);
  }
}
