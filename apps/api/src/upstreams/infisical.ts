import type { AskedUpstream } from "@keyfold/secrets";
import { z } from "zod";
import { type Answered, askJson, type Fetch } from "./get-json.ts";
import { nameSegments, segmentsOf } from "./paths.ts";

export interface InfisicalUpstream {
  url: string;
  /** A machine identity's universal auth. */
  clientId: string;
  clientSecret: string;
  projectId: string;
  /** The folder of a place, such as /tenants/{tenant}. */
  path: string;
  /** Environments there, by their names here; where none is named it is the same. */
  environments: Readonly<Record<string, string>>;
  fetch: Fetch;
  clock: () => number;
}

const loginAnswer = z.object({ accessToken: z.string(), expiresIn: z.number().default(600) });
const secretAnswer = z.object({
  secret: z.object({ secretValue: z.string(), secretValueHidden: z.boolean().optional() }),
});

/**
 * One secret of an Infisical project, through its API (https://infisical.com/docs/api-reference/endpoints/secrets/read); where
 * the server has no version 4 of it, through the one before.
 */
export function readInfisical(options: InfisicalUpstream) {
  const base = options.url.replace(/\/+$/, "");
  let token: { text: string; until: number } | null = null;

  const login = async (signal: AbortSignal): Promise<string> => {
    if (token !== null && options.clock() < token.until) return token.text;
    const { clientId, clientSecret } = options;
    const answered = await askJson(
      options.fetch,
      `${base}/api/v1/auth/universal-auth/login`,
      { method: "POST", body: { clientId, clientSecret } },
      signal,
    );
    const answer = loginAnswer.safeParse(answered.json);
    if (answered.status !== 200 || !answer.success) throw new Error("Infisical refused this identity");
    const { accessToken, expiresIn } = answer.data;
    token = { text: accessToken, until: options.clock() + (expiresIn * 1000) / 2 };
    return accessToken;
  };

  return async (asked: AskedUpstream, signal: AbortSignal): Promise<Uint8Array | null> => {
    const folder = segmentsOf(options.path, asked);
    const name = nameSegments(asked.name);
    const key = name?.pop();
    if (folder === null || name === null || key === undefined) return null;
    const secretPath = `/${[...folder, ...name].join("/")}`;
    const environment = options.environments[asked.environment.name] ?? asked.environment.name;
    const common = { environment, secretPath, expandSecretReferences: "false", type: "shared" };
    const ask = async (path: string, project: Record<string, string>): Promise<Answered> =>
      askJson(
        options.fetch,
        `${base}${path}/${encodeURIComponent(key)}?${new URLSearchParams({ ...common, ...project })}`,
        { headers: { authorization: `Bearer ${await login(signal)}` } },
        signal,
      );
    const both = async (): Promise<Answered> => {
      const now = await ask("/api/v4/secrets", { projectId: options.projectId, viewSecretValue: "true" });
      if (!isNoRoute(now)) return now;
      return ask("/api/v3/secrets/raw", { workspaceId: options.projectId });
    };
    let answered = await both();
    if (answered.status === 401) {
      token = null;
      answered = await both();
    }
    if (answered.status === 404 && !isNoRoute(answered)) return null;
    const answer = secretAnswer.safeParse(answered.json);
    if (answered.status !== 200 || !answer.success || answer.data.secret.secretValueHidden === true)
      throw new Error("Infisical did not give a value");
    return Buffer.from(answer.data.secret.secretValue, "utf8");
  };
}

/** Whether a 404 is about a route that this server does not have, and not about what was asked for. */
const isNoRoute = ({ status, json }: Answered): boolean => {
  const { message } = (json ?? {}) as { message?: unknown };
  return status === 404 && (typeof message !== "string" || /^Route /.test(message));
};
