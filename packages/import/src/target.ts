import { z } from "zod";
import type { Entry } from "./entry.ts";

/** Where an entry goes. */
export interface Target {
  tenant: string;
  project: string;
  environment: string;
  name: string;
}

/** How the old home's names become Keyfold's. */
export const mappingSchema = z.strictObject({
  /** Every entry goes to this tenant. */
  tenant: z.string().optional(),
  /** The old home's tenants by their slug here; one that is not named is left out. */
  tenants: z.record(z.string(), z.string()).optional(),
  /** Where the old home says no tenant, this one. */
  otherwise: z.string().optional(),
  /** Only these tenants, by their old name or their slug here. */
  only: z.array(z.string()).optional(),
  project: z.string().optional(),
  environment: z.string().optional(),
  /** The old home's environments by their name here. */
  environments: z.record(z.string(), z.string()).optional(),
  /** Names by their new name; the others keep theirs. */
  names: z.record(z.string(), z.string()).optional(),
  /** Put before every name, such as `billing/`. */
  prefix: z.string().optional(),
});
export type Mapping = z.output<typeof mappingSchema>;

const own = (map: Record<string, string> | undefined, key: string): string | undefined =>
  map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;

/** Where an entry goes; null where the mapping leaves its tenant out. */
export function targetOf(entry: Entry, mapping: Mapping): Target | null {
  const tenant = mapping.tenant ?? tenantOf(entry, mapping);
  if (tenant === null) return null;
  const { only } = mapping;
  if (only !== undefined && !only.includes(tenant) && !(entry.tenant !== null && only.includes(entry.tenant)))
    return null;
  const environment =
    entry.environment === null
      ? undefined
      : (own(mapping.environments, entry.environment) ?? entry.environment);
  return {
    tenant,
    project: mapping.project ?? entry.project ?? "default",
    environment: mapping.environment ?? environment ?? "dev",
    name: (mapping.prefix ?? "") + (own(mapping.names, entry.name) ?? entry.name),
  };
}

function tenantOf(entry: Entry, { tenants, otherwise }: Mapping): string | null {
  if (entry.tenant === null) return otherwise ?? null;
  if (tenants !== undefined) return own(tenants, entry.tenant) ?? null;
  return slugOf(entry.tenant);
}

/** A tenant's old name as a slug: lower case, hyphens for what a slug cannot hold; null where nothing is left. */
export function slugOf(name: string): string | null {
  const slug = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 63)
    .replace(/-+$/, "");
  return slug === "" ? null : slug;
}

/** What stands against a name, as the server would say it; null where nothing does. */
export function nameProblem(name: string): string | null {
  if (!name.isWellFormed() || name.includes("\0")) return "its name is no text";
  if (name === "") return "it has no name";
  if ([...name].length > 255) return "its name is longer than 255 characters";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(name)) return "its name holds a control character";
  if (name.trim() !== name) return "its name starts or ends with white space";
  if (name.split("/").some((part) => part === "" || part === "." || part === ".."))
    return 'its name has an empty, "." or ".." folder in it';
  return null;
}

/** One text for a target: equal texts, equal targets. */
export const keyOf = ({ tenant, project, environment, name }: Target): string =>
  JSON.stringify([tenant, project, environment, name]);
/** The same of the place alone. */
export const placeOf = ({ tenant, project, environment }: Target): string =>
  JSON.stringify([tenant, project, environment]);
/** Targets that a person, or another system, would take for one. */
export const alikeOf = (target: Target): string =>
  JSON.stringify([placeOf(target), target.name.normalize("NFKC").toLowerCase()]);
