import type { RootKeyProvider } from "@keyfold/envelope";
import { crc32c } from "./crc32c.ts";
import { keyServiceProvider } from "./key-service.ts";
import { badSetting, optionalPackage } from "./optional-package.ts";
import type { ResilienceOptions } from "./resilience.ts";
import { type FailureKind, ServiceFailure } from "./service-failure.ts";

/*
 * Google Cloud Key Management Service, API v1, by its own SDK (@google-cloud/kms, over gRPC):
 * https://cloud.google.com/kms/docs/reference/rpc/google.cloud.kms.v1 (Encrypt, Decrypt)
 * https://cloud.google.com/kms/docs/data-integrity-guidelines
 *
 * The AAD goes in as it is. Both ways each field carries its CRC-32C, and an answer that does not confirm ours, or
 * does not match its own, is asked for again. A wrap is the service's own ciphertext, which names the key's version.
 */

const KIND = "gcp-kms";
const KEY_NAME =
  /^projects\/[a-z0-9:.-]{1,80}\/locations\/[a-z0-9-]{1,40}\/keyRings\/[\w-]{1,63}\/cryptoKeys\/[\w-]{1,63}$/;

export interface GcpKmsOptions extends Partial<ResilienceOptions> {
  /** `projects/P/locations/L/keyRings/R/cryptoKeys/K`, purpose ENCRYPT_DECRYPT. No version: the primary one wraps. */
  keyName: string;
  /** More for the SDK's KeyManagementServiceClient: `keyFilename`, `apiEndpoint`. It finds both by itself unless given. */
  client?: Record<string, string | number | object | undefined>;
}

/**
 * A root key in Google Cloud KMS. Opener: `gcp-kms:` and the key's resource name.
 * @throws EnvelopeError `bad_root_key` for anything else than a key's name; `provider_unavailable` without the SDK
 */
export async function gcpKmsRootKey(options: GcpKmsOptions): Promise<RootKeyProvider> {
  const { keyName: name, client, ...resilience } = options;
  if (!KEY_NAME.test(name))
    throw badSetting(
      "The root key of Google Cloud KMS must be projects/P/locations/L/keyRings/R/cryptoKeys/K, without a version.",
    );
  const sdk = await optionalPackage("@google-cloud/kms", () => import("@google-cloud/kms"));
  const kms = new sdk.KeyManagementServiceClient(client);
  // Ours: counted and bounded for all services alike.
  const noRetries = { retry: null, timeout: resilience.timeoutMs ?? 3_000 };

  return keyServiceProvider(
    {
      kind: KIND,
      title: "Google Cloud KMS",
      id: `${KIND}:${name}`,
      failureOf,
      async wrap(key, aad, signal) {
        const asked = kms.encrypt(
          {
            name,
            plaintext: key,
            plaintextCrc32c: { value: crc32c(key) },
            additionalAuthenticatedData: aad,
            additionalAuthenticatedDataCrc32c: { value: crc32c(aad) },
          },
          noRetries,
        );
        const [answer] = await cancelledBy(signal, asked);
        const wrapped = bytesOf(answer.ciphertext, answer.ciphertextCrc32c);
        const version = answer.name?.startsWith(`${name}/cryptoKeyVersions/`)
          ? answer.name.slice(`${name}/cryptoKeyVersions/`.length)
          : "";
        if (
          !answer.verifiedPlaintextCrc32c ||
          !answer.verifiedAdditionalAuthenticatedDataCrc32c ||
          !/^\d{1,18}$/.test(version)
        )
          throw new ServiceFailure("bad_answer");
        return { wrapped, keyVersion: version };
      },
      async unwrap(wrapped, aad, signal) {
        const asked = kms.decrypt(
          {
            name,
            ciphertext: wrapped,
            ciphertextCrc32c: { value: crc32c(wrapped) },
            additionalAuthenticatedData: aad,
            additionalAuthenticatedDataCrc32c: { value: crc32c(aad) },
          },
          noRetries,
        );
        const [answer] = await cancelledBy(signal, asked);
        return bytesOf(answer.plaintext, answer.plaintextCrc32c);
      },
    },
    resilience,
  );
}

/** The bytes of a field whose checksum fits. @throws ServiceFailure `bad_answer` where it is missing or does not */
function bytesOf(
  field: Uint8Array | string | null | undefined,
  checksum: { value?: unknown } | null | undefined,
): Uint8Array {
  if (!(field instanceof Uint8Array) || checksum?.value == null) throw new ServiceFailure("bad_answer");
  // An int64: the client gives a string or a Long.
  if (String(checksum.value) === String(crc32c(field))) return field;
  field.fill(0);
  throw new ServiceFailure("bad_answer");
}

async function cancelledBy<T>(signal: AbortSignal, asked: Promise<T>): Promise<T> {
  const cancel = () => (asked as { cancel?: () => void }).cancel?.();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    return await asked;
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

// google.rpc.Code: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
const kinds: Readonly<Record<number, FailureKind>> = {
  1: "timeout", // CANCELLED
  4: "timeout", // DEADLINE_EXCEEDED
  5: "key_unusable", // NOT_FOUND
  7: "denied", // PERMISSION_DENIED
  8: "throttled", // RESOURCE_EXHAUSTED
  9: "key_unusable", // FAILED_PRECONDITION: the version is disabled or destroyed, or the purpose is another
  10: "unavailable", // ABORTED
  13: "unavailable", // INTERNAL
  14: "unavailable", // UNAVAILABLE
  16: "denied", // UNAUTHENTICATED
};

function failureOf(error: unknown, operation: string): ServiceFailure {
  const { code, message, statusDetails } = (error ?? {}) as {
    code?: number | string;
    message?: string;
    statusDetails?: { retryDelay?: { seconds?: number | string } }[];
  };
  const INVALID_ARGUMENT = 3;
  if (code === INVALID_ARGUMENT) {
    // What came in differs from what we sent: the one case of this code that is nobody's tampering.
    if (/crc32c|checksum/i.test(message ?? "")) return new ServiceFailure("bad_answer");
    return new ServiceFailure(operation === "unwrap" ? "not_authentic" : "refused_input");
  }
  // google.rpc.RetryInfo, where the service sends one along.
  const seconds = statusDetails?.find?.((detail) => detail?.retryDelay)?.retryDelay?.seconds;
  const retryAfter = seconds === undefined ? undefined : Number(seconds) * 1000;
  if (typeof code === "number") return new ServiceFailure(kinds[code] ?? "unavailable", retryAfter);
  if (/default credentials/i.test(message ?? "")) return new ServiceFailure("no_credentials");
  return new ServiceFailure("unavailable");
}
