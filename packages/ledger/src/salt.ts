import { randomFillSync } from "node:crypto";
import { LedgerError } from "./error.ts";

/** Bytes of salt in an event. */
export const SALT_BYTES = 16;
/** Characters of it, in base64url without padding. */
export const SALT_CHARS = 22;

// One call for 256 salts: 0.1 µs each, where a `randomBytes(16)` each took 1.7 µs, nearly as much as all the rest
// of encoding an event.
const pool = Buffer.allocUnsafeSlow(256 * SALT_BYTES);
let used = pool.length;

/** A fresh random salt, in base64url without padding (22 characters). */
export function freshSalt(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const from = used;
  used += SALT_BYTES;
  return pool.toString("base64url", from, used);
}

/**
 * The given salt in base64url without padding.
 *
 * @throws LedgerError `malformed` when it is not 16 bytes
 */
export function encodeSalt(salt: Uint8Array): string {
  if (salt.length !== SALT_BYTES) throw new LedgerError("malformed", `salt must be ${SALT_BYTES} bytes`);
  return Buffer.from(salt.buffer, salt.byteOffset, salt.byteLength).toString("base64url");
}
