import { EnvelopeError } from "./error.ts";
import { SecretKey } from "./key.ts";
import { decryptKey, encryptKey } from "./key-cipher.ts";
import type { RootKeyProvider } from "./provider.ts";
import { rootKeyFromBytes } from "./root-key.ts";

const KIND = "local";
const FINGERPRINT_HEX = 16;

/** `local:` and the first 16 hex digits of the key's check value. */
export const localRootKeyId = (key: SecretKey): string =>
  `${KIND}:${key.checkValue().toString("hex").slice(0, FINGERPRINT_HEX)}`;

/**
 * A provider whose root key is in this process. Its id is `local:` and the first 16 hex digits of the key's check
 * value, so that an operator sees which key is meant and nothing about it.
 * @param rootKey from one of the `rootKeyFrom…` readers, which refuse weak keys; or 32 bytes, which are checked
 * likewise, taken over and zeroed
 * @throws EnvelopeError `bad_root_key`
 */
export function localRootKey(rootKey: SecretKey | Uint8Array): RootKeyProvider {
  const key = rootKey instanceof SecretKey ? rootKey : rootKeyFromBytes(rootKey);
  const id = localRootKeyId(key);

  function checkOpener(opener: string): void {
    if (opener === id) return;
    throw new EnvelopeError(
      "unknown_opener",
      `The key is wrapped under the root key ${opener}, but the root key here is ${id}.`,
    );
  }

  return {
    kind: KIND,
    current: async () => ({ id, provider: KIND, keyVersion: "1" }),
    async wrap(bytes, aad, opener) {
      checkOpener(opener);
      return encryptKey(bytes, key, aad);
    },
    async unwrap(wrapped, aad, opener) {
      checkOpener(opener);
      return decryptKey(wrapped, key, aad);
    },
    health: async () => ({ ok: true }),
  };
}
