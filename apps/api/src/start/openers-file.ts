import { readFile } from "node:fs/promises";
import type { RootKeyProvider } from "@keyfold/envelope";
import type { KeyServiceCall } from "@keyfold/providers";
import { z } from "zod";
import { StartError } from "./start-error.ts";

/** A tenant's own root key, and others that its keys are opened with while it is changed. */
export interface TenantRootKey {
  provider: RootKeyProvider;
  others: RootKeyProvider[];
}

const setting = z.string().min(1).max(4096);
const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const alsoFile = z.array(setting).max(16);
const tenantsFile = z.record(
  name,
  z.union([setting, z.strictObject({ provider: setting, others: z.array(setting).max(8).default([]) })]),
);

type Observe = ((call: KeyServiceCall) => void) | undefined;

/**
 * Root keys that tenants' new keys are wrapped under besides: a JSON array of settings as docs/providers.md writes them.
 * @throws StartError; EnvelopeError `bad_root_key`, `provider_unavailable`
 */
export async function alsoRootKeys(path: string | null, observe?: Observe): Promise<RootKeyProvider[]> {
  if (path === null) return [];
  const settings = await read(path, alsoFile, "KEYFOLD_ALSO_ROOT_KEYS", '["sealed:age1…"]');
  return Promise.all(settings.map((one) => from(one, observe)));
}

/**
 * Root keys of tenants' own: a JSON object of names and settings.
 * @throws StartError; EnvelopeError `bad_root_key`, `provider_unavailable`
 */
export async function tenantRootKeys(
  path: string | null,
  observe?: Observe,
): Promise<Record<string, TenantRootKey>> {
  if (path === null) return {};
  const example = '{"acme": "aws-kms:arn:…"} or {"acme": {"provider": "…", "others": ["…"]}}';
  const named = await read(path, tenantsFile, "KEYFOLD_TENANT_ROOT_KEYS", example);
  const keys: Record<string, TenantRootKey> = {};
  for (const [tenant, given] of Object.entries(named)) {
    const { provider, others } = typeof given === "string" ? { provider: given, others: [] } : given;
    keys[tenant] = {
      provider: await from(provider, observe),
      others: await Promise.all(others.map((one) => from(one, observe))),
    };
  }
  return keys;
}

async function from(one: string, observe: Observe): Promise<RootKeyProvider> {
  // Loaded only where it is asked for: it brings key services' clients along.
  const { rootKeyFromSetting } = await import("@keyfold/providers");
  return rootKeyFromSetting(one, {}, observe === undefined ? {} : { observe });
}

async function read<T>(path: string, schema: z.ZodType<T>, name: string, example: string): Promise<T> {
  const wrong = (what: string) =>
    new StartError(`${name} names ${path}, ${what}. It holds JSON such as ${example}`);
  const text = await readFile(path, "utf8").catch(() => {
    throw wrong("which cannot be read");
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw wrong("which is no JSON");
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success)
    throw wrong(`and what it holds at "${parsed.error.issues[0]!.path.join(".")}" is not right`);
  return parsed.data;
}
