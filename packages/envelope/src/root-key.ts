import { KEY_BYTES } from "./aes-gcm.ts";
import { EnvelopeError } from "./error.ts";
import { SecretKey } from "./key.ts";
import { decodeKeyText, trimText } from "./key-text.ts";
import { weaknessOf } from "./weak-key.ts";

/** No spelling of a root key is longer; more is refused before it is looked at. */
export const MAX_ROOT_KEY_TEXT_BYTES = 4096;

/** What 32 bytes are for. Both are read in the same ways, and refused for the same weaknesses. */
export type KeyName = "root key" | "hybrid seed";

/** `bad_root_key` or `bad_hybrid_seed`, with what is wrong. `problem` holds no byte of the key. */
export function unusableKey(problem: string, what: KeyName): EnvelopeError {
  return new EnvelopeError(what === "root key" ? "bad_root_key" : "bad_hybrid_seed", problem);
}

/** The same, and how to make a good one. */
export function badKey(problem: string, what: KeyName): EnvelopeError {
  return unusableKey(`${problem} Make a good one with: keyfold keys generate`, what);
}

/**
 * A root key from 32 random bytes, which are taken over and zeroed.
 * @throws EnvelopeError `bad_root_key` for another length, or for bytes that are not random
 */
export function rootKeyFromBytes(bytes: Uint8Array, what: KeyName = "root key"): SecretKey {
  try {
    if (bytes.length === 0) throw badKey(`The ${what} is empty.`, what);
    if (bytes.length < KEY_BYTES)
      throw badKey(`The ${what} is too short: it must have ${KEY_BYTES} bytes.`, what);
    if (bytes.length > KEY_BYTES)
      throw badKey(`The ${what} is too long: it must have ${KEY_BYTES} bytes.`, what);
    const weakness = weaknessOf(bytes);
    if (weakness !== undefined) throw badKey(`The ${what} ${weakness}.`, what);
    return SecretKey.fromBytes(bytes);
  } finally {
    bytes.fill(0);
  }
}

/**
 * A root key from text: 64 hex digits, or base64 or base64url of 32 bytes; white space around it is ignored.
 * The string itself cannot be erased from a JavaScript runtime: a file or a command leaves less behind.
 * @throws EnvelopeError `bad_root_key`
 */
export function rootKeyFromText(text: string, what: KeyName = "root key"): SecretKey {
  return fromTextBytes(Buffer.from(text, "utf8"), what);
}

/**
 * A root key from what a file or a command holds: exactly 32 raw bytes, or a text as in `rootKeyFromText`.
 * The content is zeroed.
 * @throws EnvelopeError `bad_root_key`
 */
export function rootKeyFromContent(content: Uint8Array, what: KeyName = "root key"): SecretKey {
  return content.length === KEY_BYTES ? rootKeyFromBytes(content, what) : fromTextBytes(content, what);
}

function fromTextBytes(text: Uint8Array, what: KeyName): SecretKey {
  try {
    if (text.length > MAX_ROOT_KEY_TEXT_BYTES) throw badKey(`The ${what} is too long to be one.`, what);
    const bytes = decodeKeyText(trimText(text));
    if (bytes !== undefined) return rootKeyFromBytes(bytes, what);
    throw badKey(`The ${what} is neither 64 hex digits nor base64 of 32 bytes.`, what);
  } finally {
    text.fill(0);
  }
}
