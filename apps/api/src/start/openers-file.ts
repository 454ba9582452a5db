import type { RootKeyProvider } from "@keyfold/envelope";
import type { KeyServiceCall } from "@keyfold/providers";
import { z } from "zod";
import { readSettingsFile } from "../config/json-file.ts";

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

const like = (example: string): string => `It holds JSON such as ${example}`;

type Observe = ((call: KeyServiceCall) => void) | undefined;

/**
 * Root keys that tenants' new keys are wrapped under besides: a JSON array of settings as docs/providers.md writes them.
 * @throws StartError; EnvelopeError `bad_root_key`, `provider_unavailable`
 */
export async function alsoRootKeys(path: string | null, observe?: Observe): Promise<RootKeyProvider[]> {
  if (path === null) return [];
  const about = { setting: "KEYFOLD_ALSO_ROOT_KEYS", hint: like('["sealed:age1…"]') };
  const { holds } = await readSettingsFile(path, alsoFile, about);
  return Promise.all(holds.map((one) => from(one, observe)));
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
  const about = { setting: "KEYFOLD_TENANT_ROOT_KEYS", hint: like(example) };
  const { holds: named } = await readSettingsFile(path, tenantsFile, about);
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
