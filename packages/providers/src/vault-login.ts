import { ServiceFailure } from "./service-failure.ts";
import type { Timer } from "./timer.ts";
import type { VaultRequest } from "./vault-http.ts";

/**
 * How to come to a token:
 * - a token itself, or a file that holds one (read anew when it is refused: an agent may keep it fresh);
 * - AppRole: https://developer.hashicorp.com/vault/api-docs/auth/approle#login-with-approle
 * - Kubernetes: https://developer.hashicorp.com/vault/api-docs/auth/kubernetes#login
 */
export type VaultLogin =
  | { by: "token"; token: string }
  | { by: "token-file"; path: string }
  | { by: "approle"; roleId: string; secretId: string; mount?: string }
  | { by: "kubernetes"; role: string; tokenFile?: string; mount?: string };

const SERVICE_ACCOUNT_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";
/** A lease is renewed by a new login once this part of it is over. */
const LEASE_PART = 2 / 3;

export interface VaultTokens {
  /** A token that should be good. @throws ServiceFailure `no_credentials`, or what the login's answer means */
  get(signal: AbortSignal): Promise<string>;
  /** Forgets a token that was refused. */
  drop(token: string): void;
  /** Whether another `get` after a `drop` can bring another token. */
  readonly renewable: boolean;
}

/** Tokens for Vault, from one login that all callers share until two thirds of its lease are over. */
export function vaultTokens(
  login: VaultLogin,
  tools: { request: VaultRequest; readFile: (path: string) => Promise<string>; timer: Timer },
): VaultTokens {
  let held: { token: string; until: number } | undefined;
  let running: Promise<string> | undefined;

  async function contentOf(path: string): Promise<string> {
    try {
      const content = (await tools.readFile(path)).trim();
      if (content !== "") return content;
    } catch {
      // Which file it is, is in the settings; what the system says about it helps nobody outside.
    }
    throw new ServiceFailure("no_credentials");
  }

  async function loggedIn(path: string, body: object, signal: AbortSignal): Promise<string> {
    const answer = await tools.request(`auth/${path}/login`, body, { signal });
    // AppRole answers 400 to a wrong secret id.
    if (answer.status === 400) throw new ServiceFailure("denied");
    if (answer.failure) throw answer.failure;
    const { client_token: token, lease_duration: seconds } = answer.auth;
    if (typeof token !== "string" || typeof seconds !== "number") throw new ServiceFailure("bad_answer");
    // A lease of nothing is a token that does not run out.
    const leaseMs = seconds === 0 ? Number.POSITIVE_INFINITY : seconds * 1000;
    held = { token, until: tools.timer.now() + leaseMs * LEASE_PART };
    return token;
  }

  async function obtained(signal: AbortSignal): Promise<string> {
    switch (login.by) {
      case "token":
        return login.token;
      case "token-file": {
        const token = await contentOf(login.path);
        held = { token, until: Number.POSITIVE_INFINITY };
        return token;
      }
      case "approle":
        return loggedIn(
          login.mount ?? "approle",
          { role_id: login.roleId, secret_id: login.secretId },
          signal,
        );
      case "kubernetes": {
        const jwt = await contentOf(login.tokenFile ?? SERVICE_ACCOUNT_TOKEN);
        return loggedIn(login.mount ?? "kubernetes", { role: login.role, jwt }, signal);
      }
    }
  }

  return {
    renewable: login.by !== "token",
    async get(signal) {
      if (held && tools.timer.now() < held.until) return held.token;
      running ??= obtained(signal).finally(() => {
        running = undefined;
      });
      return running;
    },
    drop(token) {
      if (held?.token === token) held = undefined;
    },
  };
}
