import * as crypto from "node:crypto";
import { EnvelopeError, localRootKey, type RootKeyProvider, SecretKey } from "@keyfold/envelope";
import {
  type PassphraseParameters,
  parsePassphraseParameters,
  passphraseParametersText,
} from "./passphrase-parameters.ts";
import { weakPassphrase } from "./weak-passphrase.ts";

/*
 * A root key from a passphrase: Argon2id (RFC 9106, version 0x13) over the passphrase's UTF-8 in NFC, so that the
 * same letters typed on another system give the same key; 32 bytes out. From there on it is a local root key.
 */

const KEY_BYTES = 32;
/** RFC 9106's second recommended option has 64 MiB and 3 passes; one lane, since Node fills lanes one by one. */
const MEMORY_KIB = 64 * 1024;
const PASSES = 3;
const SALT_BYTES = 16;

/**
 * A new root key from a passphrase, and the parameters to keep: without them the passphrase opens nothing.
 * @param passphrase at least 12 characters; zeroed where given as bytes
 * @param cost memory in KiB (at least 65 536) and passes (at least 3)
 * @returns the key, and a small JSON text that holds nothing secret
 * @throws EnvelopeError `bad_root_key`
 */
export async function newPassphraseRootKey(
  passphrase: string | Uint8Array,
  cost: { memoryKiB?: number; passes?: number } = {},
): Promise<{ rootKey: SecretKey; parameters: string }> {
  const chosen: PassphraseParameters = {
    format: "keyfold-passphrase-v1",
    algorithm: "argon2id",
    memoryKiB: cost.memoryKiB ?? MEMORY_KIB,
    passes: cost.passes ?? PASSES,
    parallelism: 1,
    salt: crypto.randomBytes(SALT_BYTES).toString("base64"),
    rootKey: "local:0000000000000000",
  };
  parsePassphraseParameters(passphraseParametersText(chosen)); // the bounds hold for what we make, too
  const bytes = passphraseBytes(passphrase);
  try {
    // Only here: a passphrase that was good enough once must open what it wrapped for ever.
    const weakness = weakPassphrase(bytes.toString("utf8"));
    if (weakness !== undefined)
      throw new EnvelopeError(
        "bad_root_key",
        `The passphrase ${weakness}. Take six random words or more, or 32 random bytes in a file instead.`,
      );
  } catch (error) {
    bytes.fill(0);
    throw error;
  }
  const rootKey = await derived(bytes, chosen);
  const parameters = passphraseParametersText({ ...chosen, rootKey: await idOf(rootKey) });
  return { rootKey, parameters };
}

/**
 * The root key that a passphrase and the parameters kept with it make.
 * @param passphrase zeroed where given as bytes
 * @throws EnvelopeError `bad_root_key` for parameters that are none or too cheap, and for a passphrase that is not the one the parameters were made with
 */
export async function rootKeyFromPassphrase(
  passphrase: string | Uint8Array,
  parameters: string,
): Promise<SecretKey> {
  const read = parsePassphraseParameters(parameters);
  const rootKey = await derived(passphraseBytes(passphrase), read);
  const id = await idOf(rootKey);
  if (id === read.rootKey) return rootKey;
  throw new EnvelopeError(
    "bad_root_key",
    `The passphrase makes the root key ${id}, but the one needed is ${read.rootKey}: it is another passphrase.`,
  );
}

/** The provider over `rootKeyFromPassphrase`. Its openers look like those of any other local root key. */
export async function passphraseRootKey(
  passphrase: string | Uint8Array,
  parameters: string,
): Promise<RootKeyProvider> {
  return localRootKey(await rootKeyFromPassphrase(passphrase, parameters));
}

// Zeroes the bytes.
async function derived(bytes: Buffer, parameters: PassphraseParameters): Promise<SecretKey> {
  try {
    return SecretKey.fromBytes(
      await argon2id({
        message: bytes,
        nonce: Buffer.from(parameters.salt, "base64"),
        parallelism: parameters.parallelism,
        tagLength: KEY_BYTES,
        memory: parameters.memoryKiB,
        passes: parameters.passes,
      }),
    );
  } finally {
    bytes.fill(0);
  }
}

/** Argon2id by Node's own OpenSSL. @throws EnvelopeError `bad_root_key` where this Node has none */
export function argon2id(parameters: crypto.Argon2Parameters): Promise<Buffer> {
  if (typeof crypto.argon2 !== "function")
    throw new EnvelopeError("bad_root_key", "A root key from a passphrase needs Node 24.7 or later.");
  return new Promise((resolve, reject) => {
    crypto.argon2("argon2id", parameters, (error, key) =>
      error
        ? reject(new EnvelopeError("bad_root_key", "Argon2id failed: is there enough memory for it?"))
        : resolve(key),
    );
  });
}

// A copy to be zeroed; what came as bytes is taken over and zeroed here.
function passphraseBytes(passphrase: string | Uint8Array): Buffer {
  if (typeof passphrase === "string") return Buffer.from(passphrase.normalize("NFC"), "utf8");
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(passphrase);
    return Buffer.from(text.normalize("NFC"), "utf8");
  } catch {
    throw new EnvelopeError("bad_root_key", "The passphrase is not UTF-8.");
  } finally {
    passphrase.fill(0);
  }
}

async function idOf(rootKey: SecretKey): Promise<string> {
  return (await localRootKey(rootKey).current()).id;
}
