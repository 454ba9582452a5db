import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type ServiceError,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import type { ConformanceFault, ServiceUnderTest } from "../conformance.ts";
import { crc32c } from "../crc32c.ts";
import { Faults } from "./faults.ts";

/*
 * As much of Google Cloud KMS, API v1 over gRPC, as a root key needs: the messages are those of the SDK's own
 * descriptors (@google-cloud/kms 6.3.0), the behaviour is that of the published pages, read in November 2026:
 * https://cloud.google.com/kms/docs/reference/rpc/google.cloud.kms.v1#keymanagementservice (Encrypt, Decrypt)
 * https://cloud.google.com/kms/docs/data-integrity-guidelines (checksums)
 * https://cloud.google.com/kms/docs/reference/error-messages (codes), google/rpc/error_details.proto (RetryInfo)
 */

interface CryptoRequest {
  name: string;
  plaintext?: Buffer;
  ciphertext?: Buffer;
  additionalAuthenticatedData: Buffer;
  plaintextCrc32c?: { value: string } | null;
  ciphertextCrc32c?: { value: string } | null;
  additionalAuthenticatedDataCrc32c?: { value: string } | null;
}

const RETRY_AFTER_SECONDS = 7;
const VERSION_BYTES = 4;

const failures: Partial<Record<ConformanceFault, [number, string]>> = {
  throttled: [status.RESOURCE_EXHAUSTED, "Quota exceeded for quota metric 'Cryptographic requests'"],
  failing: [status.INTERNAL, "Internal error encountered."],
  denied: [
    status.PERMISSION_DENIED,
    "Permission 'cloudkms.cryptoKeyVersions.useToEncrypt' denied on resource",
  ],
  "key-disabled": [status.FAILED_PRECONDITION, "is not enabled, current state is: DISABLED."],
  "key-destroyed": [status.FAILED_PRECONDITION, "is not enabled, current state is: DESTROYED."],
};

export interface GcpServer {
  /** host and port */
  address: { apiEndpoint: string; port: number };
  service: ServiceUnderTest;
  /** Damages the checksum that the client sent, as the wire might. */
  damageRequests: boolean;
  /** Answers that it did not look at the checksums: perhaps they never came. */
  verifyNothing: boolean;
  last: CryptoRequest | undefined;
  close(): void;
}

export async function gcpServer(keyName: string): Promise<GcpServer> {
  const keys = [randomBytes(32)];
  const faults = new Faults();
  const state = { damageRequests: false, verifyNothing: false, last: undefined as CryptoRequest | undefined };

  const handler =
    (answer: (request: CryptoRequest) => object): UntypedServiceImplementation[string] =>
    (
      call: { request: CryptoRequest },
      reply: (error: Partial<ServiceError> | null, answer?: object) => void,
    ) => {
      const { request } = call;
      state.last = request;
      const fault = faults.next();
      if (fault === "hanging") return;
      if (fault === "malformed-answer") return reply(null, {});
      const failure = fault && failures[fault];
      if (failure) {
        const [code, text] = failure;
        const quoted = `${text} ${(request.plaintext ?? request.ciphertext)?.toString("base64")}`;
        return reply({
          code,
          details: quoted,
          metadata: fault === "throttled" ? retryInfo() : new Metadata(),
        });
      }
      try {
        if (request.name !== keyName) throw { code: status.NOT_FOUND, details: "CryptoKey not found." };
        for (const field of ["plaintext", "ciphertext", "additionalAuthenticatedData"] as const)
          checkSum(request[field], request[`${field}Crc32c`]);
        const answered = answer(request);
        reply(null, fault === "wrong-checksum" ? damaged(answered) : answered);
      } catch (error) {
        reply(error as Partial<ServiceError>);
      }
    };

  function checkSum(bytes: Buffer | undefined, sum: { value: string } | null | undefined): void {
    if (bytes === undefined) return;
    if (!sum) throw { code: status.INVALID_ARGUMENT, details: "no checksum, and this test wants one" };
    if (state.damageRequests || sum.value !== String(crc32c(bytes)))
      throw {
        code: status.INVALID_ARGUMENT,
        details: "The checksum in field crc32c did not match the data.",
      };
  }

  const implementation = {
    encrypt: handler(({ plaintext, additionalAuthenticatedData }) => {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", keys.at(-1)!, nonce).setAAD(additionalAuthenticatedData);
      const version = Buffer.alloc(VERSION_BYTES);
      version.writeUInt32BE(keys.length);
      const ciphertext = Buffer.concat([
        version,
        nonce,
        cipher.update(plaintext!),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
      return {
        name: `${keyName}/cryptoKeyVersions/${keys.length}`,
        ciphertext,
        ciphertextCrc32c: { value: crc32c(ciphertext) },
        verifiedPlaintextCrc32c: !state.verifyNothing,
        verifiedAdditionalAuthenticatedDataCrc32c: true,
        protectionLevel: "SOFTWARE",
      };
    }),
    decrypt: handler(({ ciphertext, additionalAuthenticatedData }) => {
      const invalid = {
        code: status.INVALID_ARGUMENT,
        details: "Decryption failed: the ciphertext is invalid.",
      };
      const bytes = ciphertext!;
      if (bytes.length < VERSION_BYTES + 28) throw invalid;
      const key = keys[bytes.readUInt32BE() - 1];
      if (!key) throw invalid;
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(4, 16), { authTagLength: 16 });
        decipher.setAAD(additionalAuthenticatedData).setAuthTag(bytes.subarray(-16));
        const plaintext = Buffer.concat([decipher.update(bytes.subarray(16, -16)), decipher.final()]);
        return { plaintext, plaintextCrc32c: { value: crc32c(plaintext) }, usedPrimary: true };
      } catch {
        throw invalid;
      }
    }),
  };

  const server = new Server();
  server.addService(serviceDefinition(), implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });

  return Object.assign(state, {
    address: { apiEndpoint: "127.0.0.1", port },
    close: () => server.forceShutdown(),
    service: {
      faults: [
        "throttled",
        "failing",
        "hanging",
        "malformed-answer",
        "wrong-checksum",
        "denied",
        "key-disabled",
        "key-destroyed",
        "key-rotated",
      ],
      retryAfterMs: RETRY_AFTER_SECONDS * 1000,
      start(fault, requests) {
        if (fault === "key-rotated") keys.push(randomBytes(32));
        else faults.start(fault, requests);
      },
      heal: () => faults.heal(),
    } satisfies ServiceUnderTest,
  });
}

// One bit of the key or wrap falls over on the way back; its checksum does not.
function damaged(answer: { ciphertext?: Buffer; plaintext?: Buffer }): object {
  const flip = (bytes: Buffer) => {
    const copy = Buffer.from(bytes);
    copy[0]! ^= 1;
    return copy;
  };
  if (answer.ciphertext) return { ...answer, ciphertext: flip(answer.ciphertext) };
  return { ...answer, plaintext: flip(answer.plaintext!) };
}

function serviceDefinition(): ServiceDefinition {
  const json = createRequire(import.meta.url)("@google-cloud/kms/build/protos/protos.json");
  const { KeyManagementService } = only(fromJSON(json, { keepCase: false, longs: String, enums: String }));
  return KeyManagementService as ServiceDefinition;
}

const only = (definitions: Record<string, unknown>) => ({
  KeyManagementService: definitions["google.cloud.kms.v1.KeyManagementService"],
});

/** `grpc-status-details-bin`: a google.rpc.Status with one google.rpc.RetryInfo, written by hand as protobuf. */
function retryInfo(): Metadata {
  const field = (number: number, bytes: Uint8Array) =>
    Buffer.concat([Buffer.of((number << 3) | 2, bytes.length), bytes]);
  const seconds = Buffer.of(1 << 3, RETRY_AFTER_SECONDS);
  const info = field(1, seconds);
  const any = Buffer.concat([
    field(1, Buffer.from("type.googleapis.com/google.rpc.RetryInfo")),
    field(2, info),
  ]);
  const metadata = new Metadata();
  metadata.set(
    "grpc-status-details-bin",
    Buffer.concat([Buffer.of(1 << 3, status.RESOURCE_EXHAUSTED), field(3, any)]),
  );
  return metadata;
}
