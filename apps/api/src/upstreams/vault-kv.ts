import type { AskedUpstream } from "@keyfold/secrets";
import { z } from "zod";
import { askJson, type Fetch } from "./get-json.ts";
import { nameSegments, segmentsOf } from "./paths.ts";

export interface VaultKvUpstream {
  url: string;
  token: string;
  /** The mount of a KV version 2 engine. */
  mount: string;
  /** The folder of a place, such as tenants/{tenant}. */
  path: string;
  /** Vault's own namespace; null: none. */
  namespace: string | null;
  fetch: Fetch;
}

const answerShape = z.object({ data: z.object({ data: z.record(z.string(), z.unknown()).nullable() }) });

/**
 * One secret of HashiCorp Vault's or OpenBao's KV version 2, through its API
 * (https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-version): the newest version. As the importer
 * names them: one with the single field `value` by its path, and of others each field by `path/field`.
 */
export function readVaultKv(options: VaultKvUpstream) {
  const base = options.url.replace(/\/+$/, "");
  const mount = options.mount.split("/").filter((part) => part !== "");

  const fieldsAt = async (
    path: readonly string[],
    signal: AbortSignal,
  ): Promise<Record<string, unknown> | null> => {
    if (path.length === 0) return null;
    const { status, json } = await askJson(
      options.fetch,
      `${base}/v1/${[...mount, "data", ...path].map(encodeURIComponent).join("/")}`,
      {
        headers: {
          "x-vault-token": options.token,
          "x-vault-request": "true",
          ...(options.namespace === null ? {} : { "x-vault-namespace": options.namespace }),
        },
      },
      signal,
    );
    if (status === 404) return null; // none, or its newest version was deleted
    const answer = answerShape.safeParse(json);
    if (status !== 200 || !answer.success) throw new Error("Vault did not give a value");
    return answer.data.data.data;
  };

  return async (asked: AskedUpstream, signal: AbortSignal): Promise<Uint8Array | null> => {
    const folder = segmentsOf(options.path, asked);
    const name = nameSegments(asked.name);
    if (folder === null || name === null) return null;
    const whole = await fieldsAt([...folder, ...name], signal);
    if (whole !== null && Object.keys(whole).length === 1 && Object.hasOwn(whole, "value"))
      return bytesOf(whole.value);
    const field = name.at(-1)!;
    // Never above the place's own folder: that is no secret of this tenant's.
    if (name.length === 1) return null;
    const above = await fieldsAt([...folder, ...name.slice(0, -1)], signal);
    return above !== null && Object.hasOwn(above, field) ? bytesOf(above[field]) : null;
  };
}

/** Vault keeps JSON: what is no text stays the JSON that it was. */
const bytesOf = (value: unknown): Uint8Array =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value), "utf8");
