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
    }),
  ),
});
type Answer = z.output<typeof secretsAnswer>;

/**
 * A project of Infisical, through its API (https://infisical.com/docs/api-reference): `/tenants/<slug>/…` in each
 * environment. The list's present version is asked for, and where the server has none, the one before.
 */
export function infisicalSource(options: InfisicalOptions): Source {
  const asking: Asking = { ...options, who: "Infisical" };
  const root = options.tenantsPath === undefined ? "/tenants" : options.tenantsPath;
  return {
    kind: "Infisical",
    async *read(signal) {
      const token = await login(asking, options, signal);
      for (const environment of options.environments) {
        const { secrets } = await list(asking, options, token, environment, root ?? "/", signal);
        for (const secret of secrets) {
          const entry = entryOf(secret, environment, root);
          if (entry === null || (entry.tenant !== null && options.tenants?.includes(entry.tenant) === false))
            continue;
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
    value: Buffer.from(secret.secretValue, "utf8"),
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
): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}` };
  const common = { environment, secretPath, recursive: "true", expandSecretReferences: "false" };
  const now = new URLSearchParams({ ...common, projectId, viewSecretValue: "true" });
  let answered: Answered = await ask(asking, `/api/v4/secrets?${now}`, { headers, signal });
  if (answered.status === 404 && !isRefusalOf(answered)) {
    const before = new URLSearchParams({ ...common, workspaceId: projectId });
    answered = await ask(asking, `/api/v3/secrets/raw?${before}`, { headers, signal });
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
  return answer.data;
}

/** Whether a 404 is about what was asked for, and not about a route that this server does not have. */
const isRefusalOf = ({ json }: Answered): boolean => {
  const { message } = (json ?? {}) as { message?: unknown };
  return typeof message === "string" && !/^Route /.test(message);
};
