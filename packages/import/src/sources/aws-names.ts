import type { SecretValue } from "@keyfold/envelope/secret-value";
import type { Entry } from "../entry.ts";

/** Which of an account's names are meant, and what of them is the tenant. */
export interface AwsPlace {
  /** Only names below this, such as `tenants/`; all of the account's in this region by default. */
  path?: string;
  /** Whether the first folder below `path` is the tenant. True by default. */
  tenantFolders?: boolean;
}

/** The secret that a name of AWS stands for; null for one beside the path, or beside the tenants' folders. */
export function entryOf(name: string, value: SecretValue, { path, tenantFolders }: AwsPlace): Entry | null {
  const base = (path ?? "").replace(/^\/+|\/+$/g, "");
  if (base !== "" && !name.startsWith(`${base}/`)) return null;
  const parts = name
    .slice(base === "" ? 0 : base.length + 1)
    .split("/")
    .filter((part) => part !== "");
  const tenant = tenantFolders === false ? null : parts.length > 1 ? parts.shift()! : null;
  if (tenantFolders !== false && tenant === null) return null;
  return { from: name, tenant, project: null, environment: null, name: parts.join("/"), value };
}

/** Which value AWS did not give, and why, by its code alone; one without a current version has no value to bring. */
export function refusedOf(
  errors: readonly { SecretId?: string | undefined; ErrorCode?: string | undefined }[],
): string | null {
  const refused = errors.find(({ ErrorCode }) => ErrorCode !== "ResourceNotFoundException");
  return refused === undefined ? null : `${refused.SecretId} (${code(refused.ErrorCode)})`;
}

/** An error's name as AWS gives it; its own words are not passed on. */
export const code = (name: unknown): string =>
  typeof name === "string" && /^[A-Za-z]{2,60}$/.test(name) ? name : "unknown";
