import { SecretValue } from "@keyfold/envelope/secret-value";
import { z } from "zod";
import { type Entry, type Source, SourceError } from "../entry.ts";
import { type Answered, type Asking, ask } from "./http.ts";

export interface InfisicalOptions extends Omit<Asking, "who"> {
  /** A machine identity's universal auth. */
  clientId: string;
  clientSecret: string;
  projectId: string;
  /** Environments by their slug, such as dev, staging, prod. */
  environments: readonly string[];
  /** The folder whose folders are tenants. `/tenants` by default; null: there are no tenants, and all of it is one. */
  tenantsPath?: string | null;
  /** Only these tenants' folders; all of them by default. */
  tenants?: readonly string[];
  /** How many older versions of each secret come along, at most; none by default. */
  versions?: number;
}

const loginAnswer = z.object({ accessToken: z.string() });
const secretsAnswer = z.object({
  secrets: z.array(
    z.object({
      secretKey: z.string(),
      secretValue: z.string(),
      secretPath: z.string().optional(),
      secretValueHidden: z.boolean().optional(),
      type: z.string().optional(),
      version: z.int().positive().optional(),
    }),
  ),
});
const secretAnswer = z.object({
  secret: z.object({ secretValue: z.string(), secretValueHidden: z.boolean().optional() }),
});
type Answer = z.output<typeof secretsAnswer>;
/** The list's route in the present version of the API, and in the one before. */
type Api = "/api/v4/secrets" | "/api/v3/secrets/raw";

/**
 * A project of Infisical, through its API (https://infisical.com/docs/api-reference): `/tenants/<slug>/…` in each
 * environment. The list's present version is asked for, and where the server has none, the one before. Of older values it
 * gives those that its plan keeps: what it does not give is left out.
 */
export function infisicalSource(options: InfisicalOptions): Source {
  const asking: Asking = { ...options, who: "Infisical" };
  const root = options.tenantsPath === undefined ? "/tenants" : options.tenantsPath;
  return {
    kind: "Infisical",
    async *read(signal) {
      const token = await login(asking, options, signal);
      for (const environment of options.environments) {
        const { secrets, api } = await list(asking, options, token, environment, root ?? "/", signal);
        for (const secret of secrets) {
          const entry = entryOf(secret, environment, root);
          if (entry === null || (entry.tenant !== null && options.tenants?.includes(entry.tenant) === false))
            continue;
          const { version = 1, secretKey, secretPath = "/" } = secret;
          if (version > 1 && (options.versions ?? 0) > 0)
            entry.older = () =>
              olderThan(asking, options, token, { api, environment, secretPath, secretKey, version }, signal);
          yield entry;
        }
      }
    },
  };
}

function entryOf(secret: Answer["secrets"][number], environment: string, root: string | null): Entry | null {
  // A personal override is one person's, and not what the product reads.
  if (secret.type === "personal") return null;
  const folders = (secret.secretPath ?? "/").split("/").filter((part) => part !== "");
  const above = (root ?? "").split("/").filter((part) => part !== "");
  const inside = folders.slice(above.length);
  const tenant = root === null ? null : (inside.shift() ?? null);
  if (root !== null && tenant === null) return null; // beside the tenants' folders, not in one
  const from = `${environment}:/${[...folders, secret.secretKey].join("/")}`;
  if (secret.secretValueHidden === true)
    throw new SourceError(
      `Infisical hides the value of ${from} from this identity. Give it the right to read values.`,
    );
  return {
    from,
    tenant,
    project: null,
    environment,
    name: [...inside, secret.secretKey].join("/"),
    value: SecretValue.ofText(secret.secretValue),
  };
}

async function login(
  asking: Asking,
  { clientId, clientSecret }: InfisicalOptions,
  signal?: AbortSignal,
): Promise<string> {
  const { status, json } = await ask(asking, "/api/v1/auth/universal-auth/login", {
    method: "POST",
    body: { clientId, clientSecret },
    signal,
  });
  const answer = loginAnswer.safeParse(json);
  if (!answer.success || status !== 200)
    throw new SourceError(
      "Infisical refused this identity. Are client id and secret right, and is its address allowed?",
    );
  return answer.data.accessToken;
}

async function list(
  asking: Asking,
  { projectId }: InfisicalOptions,
  token: string,
  environment: string,
  secretPath: string,
  signal?: AbortSignal,
): Promise<Answer & { api: Api }> {
  const headers = { authorization: `Bearer ${token}` };
  const common = { environment, secretPath, recursive: "true", expandSecretReferences: "false" };
  const now = new URLSearchParams({ ...common, projectId, viewSecretValue: "true" });
  let api: Api = "/api/v4/secrets";
  let answered: Answered = await ask(asking, `${api}?${now}`, { headers, signal });
  if (answered.status === 404 && !isRefusalOf(answered)) {
    const before = new URLSearchParams({ ...common, workspaceId: projectId });
    api = "/api/v3/secrets/raw";
    answered = await ask(asking, `${api}?${before}`, { headers, signal });
  }
  if (answered.status === 404)
    throw new SourceError(
      `Infisical has no folder ${secretPath} in the environment ${environment} of this project.`,
    );
  if (answered.status === 401 || answered.status === 403)
    throw new SourceError(`Infisical does not let this identity read ${secretPath} in ${environment}.`);
  const answer = secretsAnswer.safeParse(answered.json);
  if (!answer.success || answered.status !== 200)
    throw new SourceError(`Infisical answered ${answered.status} in a way that is not known here.`);
  return { ...answer.data, api };
}

/** One secret's older values, oldest first, by the same version of the API as the list. */
async function olderThan(
  asking: Asking,
  options: InfisicalOptions,
  token: string,
  of: { api: Api; environment: string; secretPath: string; secretKey: string; version: number },
  signal?: AbortSignal,
): Promise<SecretValue[]> {
  const { api, environment, secretPath, secretKey, version: newest } = of;
  const found: SecretValue[] = [];
  for (let version = Math.max(1, newest - (options.versions ?? 0)); version < newest; version++) {
    const query = new URLSearchParams({
      environment,
      secretPath,
      version: String(version),
      type: "shared",
      expandSecretReferences: "false",
      ...(api === "/api/v4/secrets"
        ? { projectId: options.projectId, viewSecretValue: "true" }
        : { workspaceId: options.projectId }),
    });
    const { status, json } = await ask(asking, `${api}/${encodeURIComponent(secretKey)}?${query}`, {
      headers: { authorization: `Bearer ${token}` },
      signal,
    });
    const answer = secretAnswer.safeParse(json);
    if (status === 200 && answer.success && answer.data.secret.secretValueHidden !== true) {
      if (answer.data.secret.secretValue !== "")
        found.push(SecretValue.ofText(answer.data.secret.secretValue));
    } else if (![400, 403, 404].includes(status))
      throw new SourceError(`Infisical answered ${status} when asked for an older version of ${secretKey}.`);
  }
  return found;
}

/** Whether a 404 is about what was asked for, and not about a route that this server does not have. */
const isRefusalOf = ({ json }: Answered): boolean => {
  const { message } = (json ?? {}) as { message?: unknown };
  return typeof message === "string" && !/^Route /.test(message);
};
