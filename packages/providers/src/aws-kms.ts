import { createHash } from "node:crypto";
import type { RootKeyProvider } from "@keyfold/envelope";
import { keyServiceProvider } from "./key-service.ts";
import { badSetting, optionalPackage } from "./optional-package.ts";
import type { ResilienceOptions } from "./resilience.ts";
import { type FailureKind, failureOfStatus, retryAfterMs, ServiceFailure } from "./service-failure.ts";

/*
 * AWS Key Management Service, API version 2014-11-01, by its own SDK (@aws-sdk/client-kms):
 * https://docs.aws.amazon.com/kms/latest/APIReference/ (Encrypt, Decrypt, DescribeKey)
 *
 * KMS binds a map of strings (EncryptionContext) and no bytes, so the AAD goes in as its SHA-256. The context stands
 * in CloudTrail in the clear; the hash tells nothing there. A wrap is KMS's own CiphertextBlob, which names the key
 * material inside, so AWS may rotate the material of the key underneath.
 */

const KIND = "aws-kms";
const KEY_ARN = /^arn:[a-z-]{1,20}:kms:([a-z0-9-]{1,40}):\d{12}:key\/[A-Za-z0-9-]{1,64}$/;

export interface AwsKmsOptions extends Partial<ResilienceOptions> {
  /** The ARN of a symmetric key. Not an alias: that can be pointed at another key, and every wrap would be lost. */
  keyArn: string;
  /** More for the SDK's KMSClient: `endpoint`, `credentials`. It finds both by itself unless given. */
  client?: Record<string, unknown>;
}

/**
 * A root key in AWS KMS. Opener: `aws-kms:` and the key's ARN.
 * @throws EnvelopeError `bad_root_key` for anything else than a key's ARN; `provider_unavailable` without the SDK
 */
export async function awsKmsRootKey(options: AwsKmsOptions): Promise<RootKeyProvider> {
  const { keyArn, client, ...resilience } = options;
  const region = KEY_ARN.exec(keyArn)?.[1];
  if (region === undefined)
    throw badSetting(
      "The root key of AWS KMS must be a key's ARN: arn:aws:kms:REGION:ACCOUNT:key/ID, no alias.",
    );
  const sdk = await optionalPackage("@aws-sdk/client-kms", () => import("@aws-sdk/client-kms"));
  // One attempt: the retries are ours, counted and bounded for all services alike.
  const kms = new sdk.KMSClient({ region, ...client, maxAttempts: 1 });

  return keyServiceProvider(
    {
      kind: KIND,
      title: "AWS KMS",
      id: `${KIND}:${keyArn}`,
      failureOf,
      async wrap(key, aad, abortSignal) {
        const answer = await kms.send(
          new sdk.EncryptCommand({ KeyId: keyArn, Plaintext: key, EncryptionContext: contextOf(aad) }),
          { abortSignal },
        );
        if (answer.KeyId !== keyArn || !answer.CiphertextBlob) throw new ServiceFailure("bad_answer");
        return { wrapped: answer.CiphertextBlob };
      },
      async unwrap(wrapped, aad, abortSignal) {
        const answer = await kms.send(
          // With the KeyId, KMS refuses what another key of the same account has made.
          new sdk.DecryptCommand({
            KeyId: keyArn,
            CiphertextBlob: wrapped,
            EncryptionContext: contextOf(aad),
          }),
          { abortSignal },
        );
        if (answer.KeyId !== keyArn || !answer.Plaintext) throw new ServiceFailure("bad_answer");
        return answer.Plaintext;
      },
      async keyVersion(abortSignal) {
        const answer = await kms.send(new sdk.DescribeKeyCommand({ KeyId: keyArn }), { abortSignal });
        if (answer.KeyMetadata?.Arn !== keyArn) throw new ServiceFailure("bad_answer");
        return answer.KeyMetadata.CurrentKeyMaterialId ?? "1";
      },
    },
    resilience,
  );
}

function contextOf(aad: Uint8Array): Record<string, string> {
  return {
    "keyfold:use": "root-key",
    "keyfold:aad-sha256": createHash("sha256").update(aad).digest("base64"),
  };
}

// By the names in the API reference ("Errors" of Encrypt and Decrypt, and "Common Errors").
const kinds: Readonly<Record<string, FailureKind>> = {
  InvalidCiphertextException: "not_authentic",
  IncorrectKeyException: "not_authentic",
  ThrottlingException: "throttled",
  LimitExceededException: "throttled",
  DisabledException: "key_unusable",
  KMSInvalidStateException: "key_unusable",
  NotFoundException: "key_unusable",
  InvalidKeyUsageException: "key_unusable",
  KeyUnavailableException: "unavailable",
  DependencyTimeoutException: "unavailable",
  KMSInternalException: "unavailable",
  AccessDeniedException: "denied",
  UnrecognizedClientException: "denied",
  InvalidSignatureException: "denied",
  ExpiredTokenException: "denied",
  CredentialsProviderError: "no_credentials",
  SyntaxError: "bad_answer",
};

function failureOf(error: unknown, operation: string): ServiceFailure {
  const { name, $metadata, $response } = (error ?? {}) as {
    name?: string;
    $metadata?: { httpStatusCode?: number };
    $response?: { headers?: Record<string, string> };
  };
  const kind = name === undefined ? undefined : kinds[name];
  if (kind !== undefined) return new ServiceFailure(kind, retryAfterMs($response?.headers?.["retry-after"]));
  // Decrypt answers so to a blob that is too long to be one of its own.
  if (name === "ValidationException")
    return new ServiceFailure(operation === "unwrap" ? "not_authentic" : "refused_input");
  const status = $metadata?.httpStatusCode ?? $responseStatus(error) ?? 500;
  return failureOfStatus(status) ?? new ServiceFailure(status < 300 ? "bad_answer" : "refused_input");
}

function $responseStatus(error: unknown): number | undefined {
  return (error as { $response?: { statusCode?: number } } | null)?.$response?.statusCode;
}
