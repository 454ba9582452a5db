import { SecretValue } from "@keyfold/envelope/secret-value";
import { z } from "zod";
import { type Source, SourceError } from "../entry.ts";
import { type Asking, ask } from "./http.ts";

export interface VaultKvOptions extends Omit<Asking, "who"> {
  token: string;
  /** The mount of a KV version 2 engine; `secret` by default. */
  mount?: string;
  /** Where to begin, such as `tenants`; all of the mount by default. */
  path?: string;
  /** Whether the first folder below `path` is the tenant. True by default. */
  tenantFolders?: boolean;
  /** Vault's own namespace, where there is one. */
  namespace?: string;
  /** How many older versions of each secret come along, at most; none by default. */
  versions?: number;
}

const listAnswer = z.object({ data: z.object({ keys: z.array(z.string()) }) });
const readAnswer = z.object({
  data: z.object({
    data: z.record(z.string(), z.unknown()).nullable(),
    metadata: z.object({ version: z.int().positive() }).optional(),
  }),
});
/** Folders deeper than this are no folders. */
const DEEPEST = 32;

/**
 * HashiCorp Vault's or OpenBao's KV version 2, through its API (https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2):
 * the newest version of each secret, and with `versions` the ones before it that Vault still has. A secret with the one field `value` keeps its path as its name; of others each field
 * is a secret of its own, `path/field`.
 */
export function vaultKvSource(options: VaultKvOptions): Source {
  const asking: Asking = { ...options, who: "Vault" };
  const mount = (options.mount ?? "secret").replace(/^\/+|\/+$/g, "");
  const base = (options.path ?? "").replace(/^\/+|\/+$/g, "");
  const headers = {
    "x-vault-token": options.token,
    "x-vault-request": "true",
    ...(options.namespace === undefined ? {} : { "x-vault-namespace": options.namespace }),
  };
  const at = (kind: "metadata" | "data", path: string) =>
    `/v1/${segments(mount)}/${kind}${path === "" ? "" : `/${segments(path)}`}`;

  async function* paths(folder: string, depth: number, signal?: AbortSignal): AsyncGenerator<string> {
    if (depth > DEEPEST) throw new SourceError(`Vault has folders deeper than ${DEEPEST} at ${folder}.`);
    const { status, json } = await ask(asking, `${at("metadata", folder)}?list=true`, { headers, signal });
    if (status === 404) return;
    refuse(status, folder);
    const answer = listAnswer.safeParse(json);
    if (!answer.success)
      throw new SourceError(
        `Vault's list of ${folder || mount} is not known here. Is ${mount} a KV version 2 engine?`,
      );
    for (const key of answer.data.data.keys) {
      // A URL's parser would resolve them, and so ask for something that is not in this mount.
      if (/^(\.|%2e){1,2}\/?$/i.test(key))
        throw new SourceError(`Vault lists a name of dots in ${folder || mount}.`);
      const path = folder === "" ? key : `${folder}/${key}`;
      if (key.endsWith("/")) yield* paths(path.slice(0, -1), depth + 1, signal);
      else yield path;
    }
  }

  /** @returns null where there is none of this path, or it was deleted or destroyed */
  async function read(
    path: string,
    version: number | null,
    signal?: AbortSignal,
  ): Promise<{ fields: Record<string, unknown>; version: number } | null> {
    const query = version === null ? "" : `?version=${version}`;
    const { status, json } = await ask(asking, at("data", path) + query, { headers, signal });
    if (status === 404) return null;
    refuse(status, path);
    const answer = readAnswer.safeParse(json);
    if (!answer.success)
      throw new SourceError(
        `Vault's answer for ${path} is not known here. Is ${mount} a KV version 2 engine?`,
      );
    const { data, metadata } = answer.data.data;
    return data === null ? null : { fields: data, version: metadata?.version ?? 1 };
  }

  async function olderThan(path: string, newest: number, signal?: AbortSignal) {
    const found: Record<string, unknown>[] = [];
    for (let version = Math.max(1, newest - (options.versions ?? 0)); version < newest; version++) {
      const older = await read(path, version, signal);
      if (older !== null) found.push(older.fields);
    }
    return found;
  }

  return {
    kind: "Vault KV",
    async *read(signal) {
      for await (const path of paths(base, 0, signal)) {
        const newest = await read(path, null, signal);
        if (newest === null) continue; // it was deleted
        const { fields } = newest;
        // The fields of an older version are asked for once, whichever of them is written first.
        const versions = once(() => olderThan(path, newest.version, signal));
        const inside = (base === "" ? path : path.slice(base.length + 1)).split("/");
        const tenant = options.tenantFolders === false ? null : inside.length > 1 ? inside.shift()! : null;
        if (options.tenantFolders !== false && tenant === null) continue; // beside the tenants' folders
        const only = Object.keys(fields).length === 1 && Object.hasOwn(fields, "value");
        for (const [field, value] of Object.entries(fields))
          yield {
            from: `${path}#${field}`,
            tenant,
            project: null,
            environment: null,
            name: [...inside, ...(only ? [] : [field])].join("/"),
            value: fieldValue(value),
            ...(newest.version > 1 && (options.versions ?? 0) > 0
              ? {
                  older: async () =>
                    (await versions()).flatMap((older) =>
                      Object.hasOwn(older, field) ? [fieldValue(older[field])] : [],
                    ),
                }
              : {}),
          };
      }
    },
  };

  function refuse(status: number, path: string): void {
    if (status === 403) throw new SourceError(`Vault does not let this token read ${path || mount}.`);
    if (status !== 200) throw new SourceError(`Vault answered ${status} for ${path || mount}.`);
  }
}

const segments = (path: string): string => path.split("/").map(encodeURIComponent).join("/");

/** Vault keeps JSON: what is no text stays the JSON that it was. */
const fieldValue = (field: unknown): SecretValue =>
  SecretValue.ofText(typeof field === "string" ? field : JSON.stringify(field));

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= work();
    return made;
  };
}
