import { KEY_BYTES } from "./aes-gcm.ts";
import { EnvelopeError } from "./error.ts";
import { SecretKey } from "./key.ts";
import { decodeKeyText, trimText } from "./key-text.ts";
import { weaknessOf } from "./weak-key.ts";

/** No spelling of a root key is longer; more is refused before it is looked at. */
export const MAX_ROOT_KEY_TEXT_BYTES = 4096;

/** `bad_root_key`, with what is wrong and how to make a good one. `problem` holds no byte of the key. */
export function badRootKey(problem: string): EnvelopeError {
  return new EnvelopeError("bad_root_key", `${problem} Make a good one with: openssl rand -base64 32`);
}

/**
 * A root key from 32 random bytes, which are taken over and zeroed.
 * @throws EnvelopeError `bad_root_key` for another length, or for bytes that are not random
 */
export function rootKeyFromBytes(bytes: Uint8Array): SecretKey {
  try {
    if (bytes.length === 0) throw badRootKey("The root key is empty.");
    if (bytes.length < KEY_BYTES)
      throw badRootKey(`The root key is too short: it must have ${KEY_BYTES} bytes.`);
    if (bytes.length > KEY_BYTES)
      throw badRootKey(`The root key is too long: it must have ${KEY_BYTES} bytes.`);
    const weakness = weaknessOf(bytes);
    if (weakness !== undefined) throw badRootKey(`The root key ${weakness}.`);
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
export function rootKeyFromText(text: string): SecretKey {
  return fromTextBytes(Buffer.from(text, "utf8"));
}

/**
 * A root key from what a file or a command holds: exactly 32 raw bytes, or a text as in `rootKeyFromText`.
 * The content is zeroed.
 * @throws EnvelopeError `bad_root_key`
 */
export function rootKeyFromContent(content: Uint8Array): SecretKey {
  return content.length === KEY_BYTES ? rootKeyFromBytes(content) : fromTextBytes(content);
}

function fromTextBytes(text: Uint8Array): SecretKey {
  try {
    if (text.length > MAX_ROOT_KEY_TEXT_BYTES) throw badRootKey("The root key is too long to be one.");
    const bytes = decodeKeyText(trimText(text));
    if (bytes !== undefined) return rootKeyFromBytes(bytes);
    throw badRootKey("The root key is neither 64 hex digits nor base64 of 32 bytes.");
  } finally {
    text.fill(0);
  }
}
