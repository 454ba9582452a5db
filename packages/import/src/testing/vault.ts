import type { Answer, Asked } from "./service.ts";

/**
 * KV version 2 under `kv`, as https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2 has it.
 * @param secrets their fields by path; null: it was deleted
 */
export const vaultApi =
  (secrets: Record<string, Record<string, unknown> | null>) =>
  ({ path, headers, query }: Asked): Answer => {
    if (headers["x-vault-token"] !== "hvs.fake")
      return { status: 403, json: { errors: ["permission denied"] } };
    const [, kind, rest] = /^\/v1\/kv\/(metadata|data)\/?(.*)$/.exec(path) ?? [];
    if (kind === "metadata" && query.get("list") === "true") {
      const below = Object.keys(secrets).filter((name) => rest === "" || name.startsWith(`${rest}/`));
      const keys = new Set(
        below.map((name) => (rest === "" ? name : name.slice(rest!.length + 1)).replace(/\/.*/, "/")),
      );
      return keys.size === 0
        ? { status: 404, json: { errors: [] } }
        : { json: { data: { keys: [...keys] } } };
    }
    const fields = kind === "data" ? secrets[rest!] : undefined;
    if (fields === null)
      return {
        status: 404,
        json: { data: { data: null, metadata: { deletion_time: "2026-01-01T00:00:00Z", version: 3 } } },
      };
    return fields === undefined
      ? { status: 404, json: { errors: [] } }
      : { json: { data: { data: fields, metadata: { version: 2 } } } };
  };
