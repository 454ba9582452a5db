import { withDeployment } from "@keyfold/db";
import { again } from "../../flow/again.ts";
import type { Services } from "../../flow/services.ts";

/** The last version of a tenant that somebody took on. */
export interface VersionCursor {
  secretId: string;
  number: number;
}

/** How far a job's helpers have shared out a tenant's versions; null: nothing is taken on yet. */
export async function readCursor(
  { db }: Services,
  jobId: string,
  tenantId: string,
): Promise<VersionCursor | null> {
  const row = await again(() =>
    withDeployment(db, ({ sql }) =>
      sql.keyJobTenant.findUnique({ where: { jobId_tenantId: { jobId, tenantId } } }),
    ),
  );
  if (row === null || row.secretId === null || row.version === null) return null;
  return { secretId: row.secretId, number: row.version };
}

/** Takes on the versions from one cursor to the next. false where another helper was first. */
export async function moveCursor(
  { db }: Services,
  jobId: string,
  tenantId: string,
  from: VersionCursor | null,
  to: VersionCursor,
): Promise<boolean> {
  const moved = await again(() =>
    withDeployment(db, (tx) =>
      tx.query(
        `INSERT INTO control_plane.key_job_tenants AS c (job_id, tenant_id, secret_id, version, done)
           VALUES ($1::uuid, $2::uuid, $3::uuid, $4::int, false)
         ON CONFLICT (job_id, tenant_id) DO UPDATE SET secret_id = $3::uuid, version = $4::int
           WHERE c.secret_id IS NOT DISTINCT FROM $5::uuid AND c.version IS NOT DISTINCT FROM $6::int
         RETURNING 1 AS moved`,
        [jobId, tenantId, to.secretId, to.number, from?.secretId ?? null, from?.number ?? null],
      ),
    ),
  );
  return moved.length > 0;
}
