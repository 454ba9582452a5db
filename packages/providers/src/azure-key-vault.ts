import { constants, createHash, createPublicKey, type JsonWebKey, type KeyObject, verify } from "node:crypto";
import type { CryptographyClient, KeyVaultKey } from "@azure/keyvault-keys";
import {
  encodeFields,
  localRootKey,
  type RootKeyProvider,
  SecretKey,
  unsafelyExportKey,
} from "@keyfold/envelope";
import { keyServiceProvider } from "./key-service.ts";
import { badSetting, optionalPackage } from "./optional-package.ts";
import type { ResilienceOptions } from "./resilience.ts";
import { failureOfStatus, retryAfterMs, ServiceFailure } from "./service-failure.ts";
import { systemTimer } from "./timer.ts";

/*
 * Azure Key Vault and Managed HSM, keys of type RSA or RSA-HSM, by their own SDK (@azure/keyvault-keys):
 * https://learn.microsoft.com/rest/api/keyvault/keys (get key, wrap key, unwrap key, sign)
 *
 * wrapKey takes no AAD, and RSA-OAEP proves nothing of who wrapped: anybody who knows the public key could wrap a
 * tenant key of their own choice, write it into the database, and read what is later sealed under it. So the vault
 * wraps a random inner key, the key itself is wrapped under that by AES-256-GCM with the AAD, and the vault signs
 * the whole. A wrap:
 *
 *   offset  0      16  version of the vault's key (32 hex digits, as bytes)
 *          16       n  inner key, RSA-OAEP-256; n = the modulus's bytes
 *        16+n      60  key, AES-256-GCM under the inner key (nonce, ciphertext, tag)
 *        76+n       n  signature, PS256 over fields("keyfold/azure/v1", key id, AAD, all before)
 */

const KIND = "azure";
const VERSION_BYTES = 16;
const LOCAL_WRAP_BYTES = 60;
const SIGNED_LABEL = "keyfold/azure/v1";
const KEY_ID = /^https:\/\/([a-zA-Z0-9-]{1,127}(?:\.[a-z0-9-]{1,63}){2,6})\/keys\/([A-Za-z0-9-]{1,127})$/;
const VERSION = /^[0-9a-f]{32}$/;
const LATEST_IS_FRESH_MS = 5 * 60_000;

export interface AzureKeyVaultOptions extends Partial<ResilienceOptions> {
  /** `https://VAULT.vault.azure.net/keys/NAME`, an RSA key. No version: the latest wraps, older ones unwrap. */
  keyId: string;
  /** A TokenCredential. DefaultAzureCredential of @azure/identity unless given. */
  credential?: { getToken(...args: never[]): Promise<unknown> };
  /** More for the SDK's clients, e.g. `httpClient`. */
  client?: Record<string, unknown>;
}

interface VaultKeyVersion {
  version: string;
  crypto: CryptographyClient;
  publicKey: KeyObject;
  modulusBytes: number;
}

/**
 * A root key in Azure Key Vault. Opener: `azure:` and the key's URL without version.
 * @throws EnvelopeError `bad_root_key` for anything else than a key's URL; `provider_unavailable` without the SDK
 */
export async function azureKeyVaultRootKey(options: AzureKeyVaultOptions): Promise<RootKeyProvider> {
  const { keyId, credential, client, ...resilience } = options;
  const [, host, name] = KEY_ID.exec(keyId) ?? [];
  if (host === undefined || name === undefined)
    throw badSetting(
      "The root key of Azure Key Vault must be https://VAULT.vault.azure.net/keys/NAME, without a version.",
    );
  const sdk = await optionalPackage("@azure/keyvault-keys", () => import("@azure/keyvault-keys"));
  const identity = (credential ?? (await defaultCredential())) as ConstructorParameters<
    typeof sdk.KeyClient
  >[1];
  // No retries there: they are ours, counted and bounded for all services alike.
  const clientOptions = { ...client, retryOptions: { maxRetries: 0 } };
  const keys = new sdk.KeyClient(`https://${host}`, identity, clientOptions);
  const timer = resilience.timer ?? systemTimer;
  const id = `${KIND}:${keyId}`;

  const versions = new Map<string, VaultKeyVersion>();
  let latest: { version: VaultKeyVersion; at: number } | undefined;

  function usable(key: KeyVaultKey): VaultKeyVersion {
    const { version } = key.properties;
    const { n, e, kty } = key.key ?? {};
    if (!version || !VERSION.test(version) || !n || !e) throw new ServiceFailure("bad_answer");
    if (kty !== "RSA" && kty !== "RSA-HSM") throw new ServiceFailure("key_unusable");
    const jwk: JsonWebKey = { kty: "RSA", n: base64url(n), e: base64url(e) };
    const made = {
      version,
      crypto: new sdk.CryptographyClient(key, identity, clientOptions),
      publicKey: createPublicKey({ key: jwk, format: "jwk" }),
      modulusBytes: n.length,
    };
    versions.set(version, made);
    return made;
  }

  async function latestVersion(abortSignal: AbortSignal): Promise<VaultKeyVersion> {
    if (latest && timer.now() - latest.at < LATEST_IS_FRESH_MS) return latest.version;
    const key = await keys.getKey(name!, { abortSignal });
    latest = { version: usable(key), at: timer.now() };
    return latest.version;
  }

  async function versionNamed(version: string, abortSignal: AbortSignal): Promise<VaultKeyVersion> {
    return versions.get(version) ?? usable(await keys.getKey(name!, { version, abortSignal }));
  }

  return keyServiceProvider(
    {
      kind: KIND,
      title: "Azure Key Vault",
      id,
      failureOf,
      async wrap(key, aad, abortSignal) {
        const { version, crypto, publicKey, modulusBytes } = await latestVersion(abortSignal);
        const inner = SecretKey.generate();
        const innerBytes = unsafelyExportKey(inner);
        const { result } = await crypto
          .wrapKey("RSA-OAEP-256", innerBytes, { abortSignal })
          .finally(() => innerBytes.fill(0));
        if (result.length !== modulusBytes) throw new ServiceFailure("bad_answer");
        const body = Buffer.concat([Buffer.from(version, "hex"), result, await under(inner, key, aad)]);
        const signed = await crypto.sign("PS256", digestOf(id, aad, body), { abortSignal });
        if (!isSigned(publicKey, fieldsOf(id, aad, body), signed.result))
          throw new ServiceFailure("bad_answer");
        return { wrapped: Buffer.concat([body, signed.result]), keyVersion: version };
      },
      async unwrap(wrapped, aad, abortSignal) {
        const bytes = Buffer.from(wrapped);
        // Below this there is no room for anything of RSA, and nothing to ask the vault for.
        if (bytes.length < VERSION_BYTES + LOCAL_WRAP_BYTES + 2 * 256)
          throw new ServiceFailure("not_authentic");
        const version = bytes.subarray(0, VERSION_BYTES).toString("hex");
        const { crypto, publicKey, modulusBytes } = await knownVersion(version, abortSignal);
        const localAt = VERSION_BYTES + modulusBytes;
        const signatureAt = localAt + LOCAL_WRAP_BYTES;
        if (bytes.length !== signatureAt + modulusBytes) throw new ServiceFailure("not_authentic");
        const body = bytes.subarray(0, signatureAt);
        if (!isSigned(publicKey, fieldsOf(id, aad, body), bytes.subarray(signatureAt)))
          throw new ServiceFailure("not_authentic");
        const { result } = await crypto.unwrapKey("RSA-OAEP-256", bytes.subarray(VERSION_BYTES, localAt), {
          abortSignal,
        });
        if (result.length !== 32) throw new ServiceFailure("bad_answer");
        return opened(SecretKey.fromBytes(result), bytes.subarray(localAt, signatureAt), aad);
      },
    },
    resilience,
  );

  // A version that the vault never had was written by somebody else, or changed.
  async function knownVersion(version: string, abortSignal: AbortSignal): Promise<VaultKeyVersion> {
    try {
      return await versionNamed(version, abortSignal);
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode === 404 && (await exists(abortSignal)))
        throw new ServiceFailure("not_authentic");
      throw error;
    }
  }

  async function exists(abortSignal: AbortSignal): Promise<boolean> {
    await keys.getKey(name!, { abortSignal });
    return true;
  }
}

async function defaultCredential(): Promise<unknown> {
  const { DefaultAzureCredential } = await optionalPackage(
    "@azure/identity",
    () => import("@azure/identity"),
  );
  return new DefaultAzureCredential();
}

// AES-256-GCM under the inner key is what a local root key does: the same 60 bytes as in docs/envelope-v1.md.
async function under(inner: SecretKey, key: Uint8Array, aad: Uint8Array): Promise<Buffer> {
  const local = localRootKey(inner);
  return local.wrap(key, aad, (await local.current()).id);
}

async function opened(inner: SecretKey, wrapped: Uint8Array, aad: Uint8Array): Promise<Buffer> {
  const local = localRootKey(inner);
  return local.unwrap(wrapped, aad, (await local.current()).id);
}

function fieldsOf(id: string, aad: Uint8Array, body: Uint8Array): Buffer {
  return encodeFields([SIGNED_LABEL, id, aad, body]);
}

function digestOf(id: string, aad: Uint8Array, body: Uint8Array): Buffer {
  return createHash("sha256")
    .update(fieldsOf(id, aad, body))
    .digest();
}

// PS256, RFC 7518, 3.5: salt as long as the hash.
function isSigned(key: KeyObject, data: Uint8Array, signature: Uint8Array): boolean {
  return verify("sha256", data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }, signature);
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

// https://learn.microsoft.com/azure/key-vault/general/rest-error-codes
function failureOf(error: unknown, operation: string): ServiceFailure {
  const { name, code, statusCode, response, details } = (error ?? {}) as {
    name?: string;
    code?: string;
    statusCode?: number;
    response?: { headers?: { get(name: string): string | undefined } };
    // The SDK renames the service's `innererror`.
    details?: { error?: { innerError?: { code?: string } } };
  };
  if (name === "CredentialUnavailableError" || name === "AggregateAuthenticationError")
    return new ServiceFailure("no_credentials");
  if (name === "AuthenticationError") return new ServiceFailure("denied");
  if (code === "PARSE_ERROR") return new ServiceFailure("bad_answer");
  if (statusCode === undefined) return new ServiceFailure("unavailable");
  const inner = details?.error?.innerError?.code ?? "";
  if (statusCode === 403 && /Key(?:Disabled|NotYetValid|Expired)|OperationNotAllowed/.test(inner))
    return new ServiceFailure("key_unusable");
  if (statusCode === 409) return new ServiceFailure("key_unusable"); // deleted, and waiting to be purged
  const retryAfter = response?.headers?.get("retry-after");
  const failure = failureOfStatus(statusCode, retryAfter);
  if (failure) return failure;
  if (statusCode === 400 && operation === "unwrap") return new ServiceFailure("not_authentic");
  return new ServiceFailure(statusCode < 300 ? "bad_answer" : "refused_input", retryAfterMs(retryAfter));
}
