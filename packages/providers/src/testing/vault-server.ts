import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { ServiceUnderTest } from "../conformance.ts";
import { Faults } from "./faults.ts";
import { answerJson, type LocalServer, localServer } from "./local-server.ts";

/*
 * As much of Vault's HTTP API v1 as a root key needs, by its published pages, read in November 2026:
 * https://developer.hashicorp.com/vault/api-docs/secret/transit (1.21: encrypt, decrypt, with associated_data)
 * https://developer.hashicorp.com/vault/api-docs/auth/approle, …/auth/kubernetes (login)
 * https://developer.hashicorp.com/vault/api-docs#http-status-codes, …/docs/concepts/resource-quotas (429)
 * The sentences in `errors` are those of Vault 1.21's Transit engine.
 */

export const VAULT_TOKEN = "hvs.not-a-real-token";
const RETRY_AFTER_SECONDS = 7;

export interface VaultServer extends LocalServer {
  service: ServiceUnderTest;
  /** What has been asked for, as METHOD and path. */
  requests: string[];
  /** The next requests with a token from before are refused. */
  revokeTokens(): void;
  bodies: string[];
}

export async function vaultServer(mount = "transit", key = "root"): Promise<VaultServer> {
  const keys = [randomBytes(32)];
  const faults = new Faults();
  const requests: string[] = [];
  const bodies: string[] = [];
  let tokens = new Set([VAULT_TOKEN]);
  let logins = 0;

  function loggedIn() {
    const token = `hvs.not-a-real-login-${++logins}`;
    tokens.add(token);
    return { auth: { client_token: token, lease_duration: 3600, renewable: true } };
  }

  const server = await localServer(async ({ method, path, headers, body, response }) => {
    requests.push(`${method} ${path}`);
    bodies.push(body.toString());
    const fault = faults.next();
    const refuse = (status: number, ...errors: string[]) => answerJson(response, status, { errors });
    switch (fault) {
      case "throttled":
        return answerJson(
          response,
          429,
          { errors: ['request path "transit": rate limit quota exceeded'] },
          { "retry-after": String(RETRY_AFTER_SECONDS) },
        );
      case "failing":
        return refuse(500, "1 error occurred:\n\t* internal error", body.toString());
      case "hanging":
        return;
      case "malformed-answer":
        response.writeHead(200).end(`{"data": ${body.toString().slice(0, 20)}`);
        return;
      case "denied":
        return refuse(403, "permission denied");
      case "key-disabled":
        return refuse(400, "ciphertext or signature version is disallowed by policy (too old)");
      case "key-destroyed":
        return refuse(400, "encryption key not found");
      default:
    }
    const json = JSON.parse(body.toString()) as Record<string, string>;
    if (path === "/v1/auth/approle/login")
      return json.role_id === "role-1" && json.secret_id === "not-a-real-secret-id"
        ? answerJson(response, 200, loggedIn())
        : refuse(400, "invalid role or secret ID");
    if (path === "/v1/auth/kubernetes/login")
      return json.role === "keyfold" && json.jwt === "not.a-real.jwt"
        ? answerJson(response, 200, loggedIn())
        : refuse(403, "permission denied");
    if (!tokens.has(String(headers["x-vault-token"]))) return refuse(403, "permission denied");
    const aad = Buffer.from(json.associated_data ?? "", "base64");
    if (path === `/v1/${mount}/encrypt/${key}`) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", keys.at(-1)!, nonce).setAAD(aad);
      const sealed = Buffer.concat([
        nonce,
        cipher.update(Buffer.from(json.plaintext!, "base64")),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
      const ciphertext = `vault:v${keys.length}:${sealed.toString("base64")}`;
      return answerJson(response, 200, { data: { ciphertext, key_version: keys.length } });
    }
    if (path === `/v1/${mount}/decrypt/${key}`) {
      const [, version, text] = /^vault:v(\d+):(.*)$/.exec(json.ciphertext!) ?? [];
      const sealed = Buffer.from(text ?? "", "base64");
      if (version === undefined) return refuse(400, "invalid ciphertext: no prefix");
      // Transit takes version 0 for 1.
      const at = Math.max(Number(version), 1);
      if (at > keys.length) return refuse(400, "invalid ciphertext: version is too new");
      if (sealed.length < 28) return refuse(400, "invalid ciphertext length");
      try {
        const decipher = createDecipheriv("aes-256-gcm", keys[at - 1]!, sealed.subarray(0, 12), {
          authTagLength: 16,
        });
        decipher.setAAD(aad).setAuthTag(sealed.subarray(-16));
        const plaintext = Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
        return answerJson(response, 200, { data: { plaintext: plaintext.toString("base64") } });
      } catch {
        return refuse(400, "cipher: message authentication failed");
      }
    }
    return refuse(404);
  });

  return {
    ...server,
    requests,
    bodies,
    revokeTokens: () => {
      tokens = new Set();
    },
    service: {
      faults: [
        "throttled",
        "failing",
        "hanging",
        "malformed-answer",
        "denied",
        "key-disabled",
        "key-destroyed",
        "key-rotated",
      ],
      retryAfterMs: RETRY_AFTER_SECONDS * 1000,
      start(fault, count) {
        if (fault === "key-rotated") keys.push(randomBytes(32));
        else faults.start(fault, count);
      },
      heal: () => faults.heal(),
    },
  };
}
