import {
  constants,
  createHash,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  privateEncrypt,
  publicEncrypt,
  randomBytes,
} from "node:crypto";
import type { ConformanceFault, ServiceUnderTest } from "../conformance.ts";
import { Faults } from "./faults.ts";
import { answerJson, localServer } from "./local-server.ts";

/*
 * As much of Azure Key Vault's REST API 7.6 as a root key needs, by its published pages, read in November 2026:
 * https://learn.microsoft.com/rest/api/keyvault/keys (get-key, wrap-key, unwrap-key, sign)
 * https://learn.microsoft.com/azure/key-vault/general/rest-error-codes (errors),
 * …/general/authentication-requests-and-responses (the challenge), …/general/overview-throttling (429)
 * The SDK speaks https to a vault's name only, so the tests give it an HTTP client that takes the request here.
 */

export const AZURE_HOST = "keyfold-test.vault.azure.net";
export const AZURE_TOKEN = "not-a-real-azure-token";
const RETRY_AFTER_SECONDS = 7;

const errors: Partial<Record<ConformanceFault, [number, string, string?]>> = {
  throttled: [429, "Throttled"],
  failing: [500, "InternalServerError"],
  denied: [403, "Forbidden", "ForbiddenByPolicy"],
  "key-disabled": [403, "Forbidden", "KeyDisabled"],
  "key-destroyed": [404, "KeyNotFound"],
};

interface Version {
  name: string;
  publicKey: KeyObject;
  privateKey: KeyObject;
}

const newVersion = (): Version => ({
  name: randomBytes(16).toString("hex"),
  ...generateKeyPairSync("rsa", { modulusLength: 2048 }),
});

export async function azureServer(key = "root") {
  const versions = [newVersion()];
  const faults = new Faults();
  const requests: string[] = [];

  const server = await localServer(({ method, path, headers, body, response }) => {
    requests.push(`${method} ${path.replace(/\?.*/, "")}`);
    const error = (status: number, code: string, inner?: string, more: Record<string, string> = {}) =>
      answerJson(
        response,
        status,
        { error: { code, message: body.toString(), ...(inner ? { innererror: { code: inner } } : {}) } },
        more,
      );
    if (headers.authorization !== `Bearer ${AZURE_TOKEN}`)
      return error(401, "Unauthorized", undefined, {
        "www-authenticate":
          'Bearer authorization="https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000", resource="https://vault.azure.net"',
      });
    const fault = faults.next();
    if (fault === "hanging") return;
    if (fault === "malformed-answer") {
      response.writeHead(200, { "content-type": "application/json" }).end(body.subarray(0, 30));
      return;
    }
    const known = fault && errors[fault];
    if (known)
      return error(
        known[0],
        known[1],
        known[2],
        fault === "throttled" ? { "retry-after": String(RETRY_AFTER_SECONDS) } : {},
      );

    const [, name, version, operation] =
      /^\/keys\/([^/?]+)\/?([0-9a-f]{32})?\/?(wrapkey|unwrapkey|sign)?\?/.exec(path) ?? [];
    const found = version === undefined ? versions.at(-1) : versions.find((one) => one.name === version);
    if (name !== key || found === undefined) return error(404, "KeyNotFound");
    const kid = `https://${AZURE_HOST}/keys/${key}/${found.name}`;
    if (operation === undefined)
      return answerJson(response, 200, {
        key: {
          kid,
          key_ops: ["wrapKey", "unwrapKey", "sign", "verify"],
          ...found.publicKey.export({ format: "jwk" }),
        },
        attributes: { enabled: true, created: 1763000000, updated: 1763000000, recoveryLevel: "Recoverable" },
      });
    const json = JSON.parse(body.toString()) as { alg: string; value: string };
    const value = Buffer.from(json.value, "base64url");
    const done = (result: Buffer) =>
      answerJson(response, 200, {
        kid,
        value: (fault === "wrong-checksum" ? result.subarray(0, 16) : result).toString("base64url"),
      });
    const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
    try {
      if (operation === "sign" && json.alg === "PS256") return done(signedDigest(found.privateKey, value));
      if (json.alg !== "RSA-OAEP-256") return error(400, "BadParameter");
      if (operation === "wrapkey") return done(publicEncrypt({ key: found.publicKey, ...oaep }, value));
      return done(privateDecrypt({ key: found.privateKey, ...oaep }, value));
    } catch {
      return error(400, "BadParameter");
    }
  });

  return {
    requests,
    close: server.close,
    /** The public part of the key, which anybody may have. */
    publicKey: versions[0]!.publicKey,
    version: versions[0]!.name,
    /** For the SDK's client options: takes what goes to the vault to the server here. */
    client: {
      httpClient: {
        async sendRequest(request: OutgoingRequest): Promise<object> {
          const url = new URL(request.url);
          if (url.host !== AZURE_HOST) throw new Error("the test asks no other host");
          const response = await fetch(`${server.url}${url.pathname}${url.search}`, {
            method: request.method,
            headers: request.headers.toJSON(),
            ...(request.body === undefined ? {} : { body: request.body as string }),
            ...(request.abortSignal ? { signal: request.abortSignal } : {}),
          });
          const headers = Object.assign(new Headers(response.headers), {
            toJSON: () => Object.fromEntries(response.headers),
          });
          return { request, status: response.status, headers, bodyAsText: await response.text() };
        },
      },
    },
    credential: {
      getToken: async () => ({ token: AZURE_TOKEN, expiresOnTimestamp: Date.now() + 3_600_000 }),
    },
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
      start(fault, count) {
        if (fault === "key-rotated") versions.push(newVersion());
        else faults.start(fault, count);
      },
      heal: () => faults.heal(),
    } satisfies ServiceUnderTest,
  };
}

interface OutgoingRequest {
  url: string;
  method: string;
  headers: { toJSON(): Record<string, string> };
  body?: unknown;
  abortSignal?: AbortSignal;
}

/** RSASSA-PSS of a SHA-256 that is there already (RFC 8017, 9.1.1, salt of 32 bytes): Node signs only what it hashes. */
function signedDigest(key: KeyObject, digest: Buffer): Buffer {
  const salt = randomBytes(32);
  const hash = createHash("sha256").update(Buffer.alloc(8)).update(digest).update(salt).digest();
  const size = key.asymmetricKeyDetails!.modulusLength! / 8;
  const block = Buffer.concat([Buffer.alloc(size - 66), Buffer.of(1), salt]);
  const mask = maskOf(hash, block.length);
  for (let at = 0; at < block.length; at++) block[at]! ^= mask[at]!;
  block[0]! &= 0x7f;
  const encoded = Buffer.concat([block, hash, Buffer.of(0xbc)]);
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded);
}

/** MGF1 with SHA-256 (RFC 8017, B.2.1). */
function maskOf(seed: Buffer, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let counter = 0; counter * 32 < length; counter++) {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    blocks.push(createHash("sha256").update(seed).update(count).digest());
  }
  return Buffer.concat(blocks).subarray(0, length);
}
