import { randomBytes } from "node:crypto";
import type { RootKeyProvider } from "@keyfold/envelope";
import { keyServiceProvider } from "./key-service.ts";
import { badSetting, optionalPackage } from "./optional-package.ts";
import { codeOf, type OpenToken, openToken, type TokenKey } from "./pkcs11-token.ts";
import type { ResilienceOptions } from "./resilience.ts";
import { ServiceFailure } from "./service-failure.ts";

/*
 * A root key on an HSM, by PKCS #11 2.40's CKM_AES_GCM with the AAD in its parameters. A wrap:
 *
 *   offset  0  12  nonce       random, from this process
 *          12  32  ciphertext
 *          44  16  tag
 *
 * HSMs that insist on choosing the nonce by themselves (FIPS mode of some) are not served.
 * https://docs.oasis-open.org/pkcs11/pkcs11-curr/v2.40/ (2.12.3, AES-GCM)
 */

const KIND = "pkcs11";
const NONCE_BYTES = 12;
const KEY_BYTES = 32;
const TAG_BYTES = 16;
const WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES;
/** Few: each runs on one of Node's four threads for such work, and the rest of the process needs those, too. */
const SESSIONS = 2;

export interface Pkcs11Options extends TokenKey, Partial<ResilienceOptions> {}

/**
 * A root key on a PKCS #11 token, an AES-256 key that is sensitive and not extractable. The token is opened at the
 * first use. Opener: `pkcs11:token=…;object=…` (or `;id=…` for a key without a label), percent-encoded as in RFC 7512.
 * The time-out covers what the module does asynchronously (C_Encrypt, C_Decrypt); while a module blocks in opening a
 * token, nothing in this process moves.
 * @throws EnvelopeError `bad_root_key` for settings that name no key; `provider_unavailable` without pkcs11js
 */
export async function pkcs11RootKey(options: Pkcs11Options): Promise<RootKeyProvider> {
  const { modulePath, token, object, id, pin, ...resilience } = options;
  if (modulePath === "" || token === "" || (object === undefined && id === undefined))
    throw badSetting("A PKCS #11 key needs a module, a token, and the key's label (object) or id.");
  const pkcs11 = await optionalPackage("pkcs11js", async () => (await import("pkcs11js")).default);
  const wanted: TokenKey = {
    modulePath,
    token,
    pin,
    ...(object === undefined ? {} : { object }),
    ...(id === undefined ? {} : { id }),
  };
  let open: OpenToken | undefined;
  // A token locks itself after a few wrong PINs: one is enough for the life of this process.
  let pinRefused = false;

  function opened(): OpenToken {
    if (pinRefused) throw new ServiceFailure("denied");
    open ??= openToken(pkcs11, wanted, SESSIONS);
    return open;
  }

  const withSession: OpenToken["withSession"] = async (work, signal) => {
    const used = opened();
    try {
      return await used.withSession(work, signal);
    } catch (error) {
      const { kind } = error instanceof ServiceFailure ? error : failureOf(error);
      // The token may have been taken out: it is opened anew, unless somebody has done so by now.
      if (kind === "unavailable" && open === used) {
        open = undefined;
        used.close();
      }
      throw error;
    }
  };

  const mechanism = (iv: Buffer, aad: Uint8Array) => ({
    mechanism: pkcs11.CKM_AES_GCM,
    parameter: {
      type: pkcs11.CK_PARAMS_AES_GCM,
      iv,
      aad: Buffer.from(aad),
      ivBits: iv.length * 8,
      tagBits: TAG_BYTES * 8,
    },
  });

  function failureOf(error: unknown): ServiceFailure {
    const code = codeOf(error);
    switch (code) {
      case pkcs11.CKR_PIN_INCORRECT:
      case pkcs11.CKR_PIN_LOCKED:
      case pkcs11.CKR_PIN_EXPIRED:
      case pkcs11.CKR_PIN_INVALID:
      case pkcs11.CKR_PIN_LEN_RANGE:
        pinRefused = true;
        return new ServiceFailure("denied");
      case pkcs11.CKR_KEY_FUNCTION_NOT_PERMITTED:
      case pkcs11.CKR_KEY_TYPE_INCONSISTENT:
      case pkcs11.CKR_MECHANISM_INVALID:
      case pkcs11.CKR_MECHANISM_PARAM_INVALID:
        return new ServiceFailure("key_unusable");
      case pkcs11.CKR_ENCRYPTED_DATA_INVALID:
      case pkcs11.CKR_ENCRYPTED_DATA_LEN_RANGE:
      case CKR_AEAD_DECRYPT_FAILED:
        return new ServiceFailure("not_authentic");
    }
    // SoftHSM's and others' answer to a tag that fails; the session is closed after it.
    if (error instanceof TagRefused) return new ServiceFailure("not_authentic");
    return new ServiceFailure("unavailable");
  }

  return keyServiceProvider(
    {
      kind: KIND,
      title: "the PKCS #11 token",
      id: `${KIND}:token=${encoded(token)};${object === undefined ? `id=${encodedBytes(id!)}` : `object=${encoded(object)}`}`,
      failureOf,
      keyVersion: async () => "1",
      wrap: (bytes, aad, signal) =>
        withSession(async (module, session, key) => {
          const nonce = randomBytes(NONCE_BYTES);
          module.C_EncryptInit(session, mechanism(nonce, aad), key);
          const copy = Buffer.from(bytes);
          const encrypted = await module
            .C_EncryptAsync(session, copy, Buffer.alloc(KEY_BYTES + TAG_BYTES))
            .finally(() => copy.fill(0));
          if (encrypted.length !== KEY_BYTES + TAG_BYTES) throw new ServiceFailure("bad_answer");
          return { wrapped: Buffer.concat([nonce, encrypted]) };
        }, signal),
      unwrap: async (wrapped, aad, signal) => {
        if (wrapped.length !== WRAPPED_BYTES) throw new ServiceFailure("not_authentic");
        const bytes = Buffer.from(wrapped);
        return withSession(async (module, session, key) => {
          module.C_DecryptInit(session, mechanism(bytes.subarray(0, NONCE_BYTES), aad), key);
          // In one piece: token software has been seen to give out plaintext by parts before the tag was checked.
          const room = Buffer.alloc(KEY_BYTES + TAG_BYTES);
          return module
            .C_DecryptAsync(session, bytes.subarray(NONCE_BYTES), room)
            .then((decrypted) => Buffer.from(decrypted))
            .finally(() => room.fill(0))
            .catch((error: unknown) => {
              const code = codeOf(error);
              throw code === pkcs11.CKR_GENERAL_ERROR || code === pkcs11.CKR_FUNCTION_FAILED
                ? new TagRefused()
                : error;
            });
        }, signal);
      },
    },
    resilience,
  );
}

/** New in PKCS #11 3.0; not among pkcs11js's names. */
const CKR_AEAD_DECRYPT_FAILED = 0x35;

class TagRefused extends Error {}

// RFC 7512, 2.3: everything outside of the unreserved characters.
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function encodedBytes(bytes: Uint8Array): string {
  return [...bytes].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}
