import { readFile } from "node:fs/promises";
import type { RootKeyProvider } from "@keyfold/envelope";
import { keyServiceProvider } from "./key-service.ts";
import { badSetting } from "./optional-package.ts";
import type { KeyServiceOperation, ResilienceOptions } from "./resilience.ts";
import { ServiceFailure } from "./service-failure.ts";
import { systemTimer } from "./timer.ts";
import { type VaultAnswer, vaultRequests } from "./vault-http.ts";
import { type VaultLogin, vaultTokens } from "./vault-login.ts";

/*
 * The Transit engine of HashiCorp Vault (1.9 and later, for `associated_data`) and OpenBao, by their HTTP API v1:
 * https://developer.hashicorp.com/vault/api-docs/secret/transit (encrypt, decrypt)
 * https://openbao.org/api-docs/secret/transit/
 * Plain fetch: HashiCorp has no client for JavaScript, and what is needed is two POSTs.
 *
 * A wrap:
 *
 *   offset  0  4  version of the key, u32
 *           4  n  what follows `vault:v<version>:`, decoded: nonce, ciphertext, tag
 *
 * In bytes, not in Vault's text: base64 lets one change letters that decode to the same bytes.
 */

const KIND = "vault";
const VERSION_BYTES = 4;
const CIPHERTEXT = /^vault:v([1-9]\d{0,8}):([A-Za-z0-9+/]+={0,2})$/;
// Begins with no dot: a path must not climb.
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

export interface VaultTransitOptions extends Partial<ResilienceOptions> {
  /** Where Vault is: `https://vault.example:8200`; `http:` only for this machine. */
  address: string;
  /** The path that Transit is mounted at. "transit" unless given. */
  mount?: string;
  /** The key's name. Its type must be aes256-gcm96 (Vault's default) or another with associated data. */
  key: string;
  namespace?: string;
  login: VaultLogin;
}

/**
 * A root key in Vault's or OpenBao's Transit engine. Opener: `vault:` and address, namespace, mount and key.
 * @throws EnvelopeError `bad_root_key` for settings that name no key
 */
export function vaultTransitRootKey(options: VaultTransitOptions): RootKeyProvider {
  const { address, mount = "transit", key, namespace, login, ...resilience } = options;
  const base = checkedAddress(address);
  if (!NAME.test(key) || !mount.split("/").every((part) => NAME.test(part)))
    throw badSetting("The root key of Vault must be given as https://HOST:PORT/MOUNT/KEY.");
  if (namespace !== undefined && !namespace.split("/").every((part) => NAME.test(part)))
    throw badSetting("The namespace of Vault is a path of names.");

  const request = vaultRequests(base, namespace);
  const tokens = vaultTokens(login, {
    request,
    readFile: (path) => readFile(path, "utf8"),
    timer: resilience.timer ?? systemTimer,
  });

  async function ask(path: string, body: object, signal: AbortSignal): Promise<VaultAnswer> {
    const token = await tokens.get(signal);
    const answer = await request(`${mount}/${path}/${key}`, body, { token, signal });
    // A token that ran out looks like a right that is missing: the next call logs in anew.
    if (answer.status === 403) tokens.drop(token);
    return answer;
  }

  async function asked(operation: "encrypt" | "decrypt", body: object, signal: AbortSignal) {
    let answer = await ask(operation, body, signal);
    if (answer.status === 403 && tokens.renewable) answer = await ask(operation, body, signal);
    const failure = failureOfAnswer(answer, operation);
    if (failure) throw failure;
    return answer.data;
  }

  return keyServiceProvider(
    {
      kind: KIND,
      title: "Vault Transit",
      id: `${KIND}:${base}${namespace === undefined ? "" : `/${namespace}`}/${mount}/${key}`,
      failureOf: (_error: unknown, _operation: KeyServiceOperation) => new ServiceFailure("unavailable"),
      async wrap(bytes, aad, signal) {
        const plaintext = base64(bytes);
        const { ciphertext } = await asked("encrypt", { plaintext, associated_data: base64(aad) }, signal);
        const parts = typeof ciphertext === "string" ? CIPHERTEXT.exec(ciphertext) : null;
        if (parts === null) throw new ServiceFailure("bad_answer");
        const version = Buffer.alloc(VERSION_BYTES);
        version.writeUInt32BE(Number(parts[1]));
        return { wrapped: Buffer.concat([version, Buffer.from(parts[2]!, "base64")]), keyVersion: parts[1]! };
      },
      async unwrap(wrapped, aad, signal) {
        if (wrapped.length <= VERSION_BYTES) throw new ServiceFailure("not_authentic");
        const version = Buffer.from(wrapped.subarray(0, VERSION_BYTES)).readUInt32BE();
        // Transit takes 0 for 1: the same wrap would have two spellings.
        if (version === 0) throw new ServiceFailure("not_authentic");
        const ciphertext = `vault:v${version}:${base64(wrapped.subarray(VERSION_BYTES))}`;
        const { plaintext } = await asked("decrypt", { ciphertext, associated_data: base64(aad) }, signal);
        if (typeof plaintext !== "string") throw new ServiceFailure("bad_answer");
        return Buffer.from(plaintext, "base64");
      },
    },
    resilience,
  );
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function checkedAddress(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const here = url !== undefined && ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
  if (url === undefined || (url.protocol !== "https:" && !(url.protocol === "http:" && here)))
    throw badSetting("Vault's address must begin with https:// (http:// only on this machine).");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw badSetting("Vault's address must be a host and a port only; a token comes from elsewhere.");
  return `${url.protocol}//${url.host}`;
}

/*
 * Transit answers 400 to nearly everything that it does not like and tells the reasons apart by a sentence only. A
 * sentence that is not known here counts as a refusal of the bytes when unwrapping: an error with a name, either way.
 */
const keyIsUnusable = /encryption key not found|disallowed by policy|does not support|no longer (?:be )?/i;

function failureOfAnswer(answer: VaultAnswer, operation: "encrypt" | "decrypt"): ServiceFailure | undefined {
  if (answer.failure) return answer.failure;
  if (answer.status !== 400) return undefined;
  if (answer.errors.some((sentence) => keyIsUnusable.test(sentence)))
    return new ServiceFailure("key_unusable");
  return new ServiceFailure(operation === "decrypt" ? "not_authentic" : "refused_input");
}
