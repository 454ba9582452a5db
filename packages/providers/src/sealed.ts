import { createHash, timingSafeEqual } from "node:crypto";
import { EnvelopeError, type RootKeyProvider } from "@keyfold/envelope";
import { Decrypter, Encrypter, identityToRecipient } from "age-encryption";
import { badSetting } from "./optional-package.ts";

/*
 * An opener whose two halves are apart: what seals is a public key in the configuration, what opens is kept offline.
 * Keys are sealed to it in the age format (age-encryption.org/v1: X25519, or X-Wing for age1pq1…), which takes no AAD; so
 * what is sealed is
 *
 *   SHA-256(AAD) 32 ‖ key 32
 *
 * and who opens it compares the digest. Whoever has the public key can seal another key: that is what the row's MAC and the
 * key's check value are for, and why it opens none of the deployment's own keys, whose rows have no MAC (`anybodySeals`).
 */

const KIND = "age";
const DIGEST_BYTES = 32;
const KEY_BYTES = 32;

const idOf = (recipient: string): string =>
  `${KIND}:${createHash("sha256").update(recipient).digest("hex").slice(0, 16)}`;
const digestOf = (aad: Uint8Array): Buffer => createHash("sha256").update(aad).digest();

/**
 * An opener that only seals, for its opening half is elsewhere: `unwrap` answers `unknown_opener`.
 * @param recipient an age recipient, age1… or age1pq1…
 * @throws EnvelopeError `bad_root_key`
 */
export function sealedRootKey(recipient: string): RootKeyProvider {
  try {
    new Encrypter().addRecipient(recipient);
  } catch {
    throw badSetting(
      "A sealed root key needs an age recipient: sealed:age1… Make a pair with: keyfold keys recovery-identity --file PATH",
    );
  }
  const id = idOf(recipient);
  return {
    kind: KIND,
    onlySeals: id,
    anybodySeals: id,
    current: async () => ({ id, provider: KIND, keyVersion: "1" }),
    wrap: (key, aad, opener) => seal(recipient, id, key, aad, opener),
    unwrap: async () => {
      throw new EnvelopeError("unknown_opener");
    },
    health: async () => ({ ok: true }),
  };
}

/**
 * The opening half: for whoever recovers.
 * @param identity an age identity, AGE-SECRET-KEY-1… or AGE-SECRET-KEY-PQ-1…
 * @throws EnvelopeError `bad_root_key`
 */
export async function identityRootKey(identity: string): Promise<RootKeyProvider> {
  const recipient = await identityToRecipient(identity).catch(() => {
    throw badSetting("An identity file holds no age identity: a line that starts with AGE-SECRET-KEY-1.");
  });
  const id = idOf(recipient);
  return {
    kind: KIND,
    anybodySeals: id,
    current: async () => ({ id, provider: KIND, keyVersion: "1" }),
    wrap: (key, aad, opener) => seal(recipient, id, key, aad, opener),
    unwrap: (wrapped, aad, opener) => open(identity, id, wrapped, aad, opener),
    health: async () => ({ ok: true }),
  };
}

async function seal(recipient: string, id: string, key: Uint8Array, aad: Uint8Array, opener: string) {
  if (opener !== id) throw new EnvelopeError("unknown_opener");
  if (key.length !== KEY_BYTES) throw new EnvelopeError("malformed");
  const plain = Buffer.concat([digestOf(aad), key]);
  try {
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipient);
    return Buffer.from(await encrypter.encrypt(plain));
  } finally {
    plain.fill(0);
  }
}

async function open(identity: string, id: string, wrapped: Uint8Array, aad: Uint8Array, opener: string) {
  if (opener !== id) throw new EnvelopeError("unknown_opener");
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const plain = await decrypter.decrypt(wrapped).catch(() => {
    throw new EnvelopeError("not_authentic");
  });
  try {
    const [digest, key] = [plain.subarray(0, DIGEST_BYTES), plain.subarray(DIGEST_BYTES)];
    if (key.length !== KEY_BYTES || !timingSafeEqual(digest, digestOf(aad)))
      throw new EnvelopeError("not_authentic");
    return Buffer.from(key);
  } finally {
    plain.fill(0);
  }
}
