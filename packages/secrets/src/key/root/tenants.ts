import { withDeployment } from "@keyfold/db";
import { again } from "../../flow/again.ts";
import type { Services } from "../../flow/services.ts";
import type { Job } from "../job/job.ts";
import type { CurrentOpeners } from "../opener/openers.ts";

/** Before every tenant's id. */
export const NO_TENANT = "00000000-0000-0000-0000-000000000000";

/** Tenants with a key that has no wrap under its current opener, by id. */
export const tenantsLacking = (services: Services, now: CurrentOpeners, after: string, limit: number) =>
  ids(services, "control_plane.tenants_lacking_wrap($1, $2, $3::uuid, $4::int)", [
    now.root,
    now.hybrid,
    after,
    limit,
  ]);

/** Tenants with a key that has a wrap under this root key, or to this hybrid seed, by id. */
export const tenantsWrapped = (services: Services, opener: string, after: string, limit: number) =>
  ids(services, "control_plane.tenants_wrapped($1, $2::uuid, $3::int)", [opener, after, limit]);

/** Tenants that have keys, by id. */
export const tenantsWithKeys = (services: Services, after: string, limit: number) =>
  ids(services, "control_plane.tenants_with_keys($1::uuid, $2::int)", [after, limit]);

/** Tenants with keys that a job is not done with, by id; of one tenant only, or of those that an opener opens. */
export const tenantsToDo = (
  services: Services,
  { id, tenantId, opener }: Pick<Job, "id" | "tenantId" | "opener">,
  after: string,
  limit: number,
) =>
  ids(services, "control_plane.tenants_to_do($1::uuid, $2::uuid, $3, $4::uuid, $5::int)", [
    id,
    tenantId,
    opener,
    after,
    limit,
  ]);

async function ids({ db }: Services, listed: string, params: readonly unknown[]): Promise<string[]> {
  const rows = await again(() =>
    withDeployment(db, (tx) => tx.query<{ id: string }>(`SELECT id FROM ${listed} AS id`, params)),
  );
  return rows.map(({ id }) => id);
}
