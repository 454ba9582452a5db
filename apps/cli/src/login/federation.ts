import { readFile } from "node:fs/promises";
import { CommandError, EXIT } from "../terminal.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** A token of minutes, and by whose rule. */
export interface ExchangedToken {
  token: string;
  expiresAt: string;
  rule: string;
}

/** Whether somebody gave this very process a token of its own, as GitLab and Kubernetes do. */
export const hasGivenIdToken = (env: Env): boolean =>
  Boolean(env.KEYFOLD_ID_TOKEN || env.KEYFOLD_ID_TOKEN_FILE);

/** Whether this process has, or can ask for, a token that says which workload it is. */
export const hasIdToken = (env: Env): boolean =>
  hasGivenIdToken(env) || Boolean(env.ACTIONS_ID_TOKEN_REQUEST_URL && env.ACTIONS_ID_TOKEN_REQUEST_TOKEN);

/**
 * Exchanges this workload's own token for one of Keyfold's that lives minutes (docs/federation.md). Nothing is kept.
 * @throws CommandError
 */
export async function exchange(env: Env, url: string, tenant: string | undefined): Promise<ExchangedToken> {
  if (!tenant)
    throw new CommandError(
      EXIT.usage,
      "Whose rules shall let this workload in? Name the tenant: --tenant, KEYFOLD_TENANT, or keyfold.json.",
    );
  const subject = await idToken(env, url);
  const answer = await fetch(`${url}/api/federation/token`, {
    method: "POST",
    headers: { "content-type": "application/json", "user-agent": "keyfold-cli" },
    body: JSON.stringify({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      subject_token: subject,
      tenant,
      ...(env.KEYFOLD_RULE ? { rule: env.KEYFOLD_RULE } : {}),
    }),
    redirect: "error",
    signal: AbortSignal.timeout(30_000),
  }).catch(() => {
    throw new CommandError(EXIT.unreachable, `The server at ${url} does not answer.`);
  });
  const json = (await answer.json().catch(() => null)) as {
    access_token?: unknown;
    expires_at?: unknown;
    rule?: { name?: unknown };
    detail?: unknown;
  } | null;
  if (answer.ok && typeof json?.access_token === "string")
    return { token: json.access_token, expiresAt: String(json.expires_at), rule: String(json.rule?.name) };
  if (typeof json?.detail !== "string")
    throw new CommandError(EXIT.unreachable, `What answers at ${url} is no Keyfold server.`);
  throw new CommandError(answer.status >= 500 ? EXIT.unreachable : EXIT.failed, json.detail);
}

/** The workload's own token: given, in a file, or asked of GitHub. */
async function idToken(env: Env, url: string): Promise<string> {
  if (env.KEYFOLD_ID_TOKEN) return env.KEYFOLD_ID_TOKEN.trim();
  if (env.KEYFOLD_ID_TOKEN_FILE) {
    const text = await readFile(env.KEYFOLD_ID_TOKEN_FILE, "utf8").catch((error: NodeJS.ErrnoException) => {
      throw new CommandError(
        EXIT.usage,
        `KEYFOLD_ID_TOKEN_FILE names a file that cannot be read (${error.code}).`,
      );
    });
    return text.trim();
  }
  return fromGitHub(env, env.KEYFOLD_AUDIENCE || url);
}

/** https://docs.github.com/actions/security-for-github-actions/security-hardening-your-deployments/about-security-hardening-with-openid-connect */
async function fromGitHub(env: Env, audience: string): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: from, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = env;
  if (!from || !bearer || !URL.canParse(from))
    throw new CommandError(
      EXIT.usage,
      "Nothing gives this process a token of its own. In GitHub Actions, the job needs `permissions: id-token: write`; elsewhere set KEYFOLD_ID_TOKEN or KEYFOLD_ID_TOKEN_FILE.",
    );
  const ask = new URL(from);
  ask.searchParams.set("audience", audience);
  const answer = await fetch(ask, {
    headers: { authorization: `Bearer ${bearer}`, accept: "application/json" },
    redirect: "error",
    signal: AbortSignal.timeout(30_000),
  }).catch(() => null);
  const json = (await answer?.json().catch(() => null)) as { value?: unknown } | null;
  if (!answer?.ok || typeof json?.value !== "string")
    throw new CommandError(EXIT.unreachable, "GitHub gave this job no token. Run the job again.");
  return json.value;
}
