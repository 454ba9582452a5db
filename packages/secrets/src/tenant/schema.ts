import { z } from "zod";
import { nextCursor, pageInput } from "../input/page.ts";
import {
  actorRefSchema,
  displayName,
  graceSeconds,
  id,
  moment,
  placeName,
  secretName,
  slug,
  tenantRef,
} from "../input/text.ts";
import { algorithm } from "../key/suite/algorithm.ts";

export const tenantView = z.object({
  id: z.uuid(),
  slug: z.string(),
  name: z.string(),
  createdAt: moment,
  createdBy: actorRefSchema,
  graceSeconds: z
    .int()
    .nullable()
    .describe(
      "Seconds that a superseded version still opens, where its secret does not say; null: the deployment's default.",
    ),
  algorithm: algorithm
    .nullable()
    .describe(
      "What wraps the keys over its secrets' values where they do not say; null: the deployment's default.",
    ),
  deletedAt: moment.nullable(),
  regions: z.array(z.string()).nullable().describe("The regions that it may live in; null: any."),
  home: z.string().nullable().describe("The region that it is changed in; null where there is one only."),
});
export type TenantView = z.infer<typeof tenantView>;

/** Every call about one tenant may name it; a service token's own tenant when left out. */
export const inTenant = {
  tenant: tenantRef.optional().describe("Slug or id; a service token's own tenant when left out."),
};

/** Where a tenant may live. */
const regions = z
  .array(z.string().regex(/^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/, { error: "is not a region's name" }))
  .min(1)
  .max(8);

export const createTenantInput = z.strictObject({
  slug,
  name: displayName.optional().describe("The slug when left out."),
  regions: regions
    .optional()
    .describe(
      "The regions that it may live in, its home among them; anywhere when left out. It cannot be changed.",
    ),
  rootKey: slug
    .optional()
    .describe(
      "A root key of its own, by its name in the server's configuration; the deployment's when left out.",
    ),
  algorithm: algorithm.optional().describe("The deployment's default when left out."),
});
export const listTenantsInput = z.strictObject({
  ...pageInput,
  deleted: z.boolean().default(false).describe("Deleted ones too."),
});
export const listTenantsOutput = z.object({ tenants: z.array(tenantView), nextCursor });
export const fleetInput = z.strictObject({
  names: z.array(secretName).min(1).max(20).describe("The keys that the product needs."),
  project: placeName.default("default").describe("Its name, in every tenant."),
  environment: placeName.default("prod").describe("Its name, in every tenant."),
  lacking: z.boolean().default(true).describe("Only tenants that lack one of them."),
  ...pageInput,
});
export const fleetOutput = z.object({
  tenants: z.array(
    z.object({
      id: z.uuid(),
      slug: z.string(),
      name: z.string(),
      lacks: z.array(z.string()).describe("Those of the names that have no live value there."),
    }),
  ),
  nextCursor,
});
export const getTenantInput = z.strictObject({ ...inTenant });
export const renameTenantInput = z.strictObject({
  tenant: tenantRef,
  slug: slug.optional(),
  name: displayName.optional(),
});
export const configureTenantInput = z.strictObject({
  ...inTenant,
  graceSeconds: graceSeconds
    .nullable()
    .optional()
    .describe(
      "For secrets that do not say themselves: 0 to 90 days, in seconds; null: the deployment's default. Stays when left out.",
    ),
  algorithm: algorithm
    .nullable()
    .optional()
    .describe(
      "For secrets that do not say themselves; null: the deployment's default. Stays when left out. For versions to come: re-encrypt the tenant for those that are there.",
    ),
});
export const deleteTenantInput = z.strictObject({ tenant: tenantRef });
export const purgeTenantInput = z.strictObject({
  tenant: id.describe("A deleted tenant's id: its slug is free already."),
  confirm: slug.describe("The slug it had, typed out: this cannot be undone."),
});
export const purgeTenantOutput = z.object({
  id: z.uuid(),
  lastBatch: z.int().describe("The number of its audit chain's last batch."),
  lastHash: z.string().describe("That batch's hash, in hex; the deployment's chain records it."),
});
