import { withTenantSql } from "@keyfold/db";
import { again } from "../../flow/again.ts";
import type { Services } from "../../flow/services.ts";
import type { Job } from "../job/job.ts";
import type { VersionCursor } from "../job/job-cursor.ts";

/** A version's sealed bytes as a slice takes them on. */
export interface SealedVersionRow {
  secretId: string;
  number: number;
  projectId: string;
  environmentId: string;
  term: number;
  dekWrap: Uint8Array;
  generation: number;
  /** Only where the job opens values. */
  sealed: Uint8Array | null;
}

/** Most bytes of sealed values in one slice, unless a single one is larger. */
const MOST_BYTES = 4 * 1024 * 1024;

const SQL = `WITH next AS (
    SELECT d.secret_id, d.number, octet_length(d.sealed) AS bytes
      FROM control_plane.sealed_values d
     WHERE d.tenant_id = $1::uuid AND (d.secret_id, d.number) > ($2::uuid, $3::int)
       AND ($4::uuid IS NULL OR d.secret_id = $4::uuid) AND d.dek_wrap IS NOT NULL
       AND CASE WHEN $5::boolean THEN d.round < $6::int OR ($11::boolean AND d.term <> ALL ($8::int[])) OR ($7::int[] IS NOT NULL AND d.digest_term <> ALL ($7::int[]))
                ELSE d.term <> ALL ($8::int[]) END
     ORDER BY d.secret_id, d.number LIMIT $9::int
  ), fitting AS (
    SELECT n.*, sum(n.bytes) OVER (ORDER BY n.secret_id, n.number) - n.bytes AS before FROM next n
  )
  SELECT d.secret_id AS "secretId", d.number, s.project_id AS "projectId", s.environment_id AS "environmentId", d.term,
         d.dek_wrap AS "dekWrap", d.generation, CASE WHEN $5::boolean THEN d.sealed END AS sealed
    FROM fitting f
    JOIN control_plane.sealed_values d ON d.tenant_id = $1::uuid AND d.secret_id = f.secret_id AND d.number = f.number
    JOIN control_plane.secrets s ON s.tenant_id = $1::uuid AND s.id = f.secret_id
   WHERE d.dek_wrap IS NOT NULL AND (f.before < $10::bigint OR NOT $5::boolean)
   ORDER BY d.secret_id, d.number`;

const START: VersionCursor = { secretId: "00000000-0000-0000-0000-000000000000", number: 0 };

/**
 * The next versions, by secret and number, that a job still has to move: those whose DEK is older than the job (or whose
 * digest is under an older key) where it re-encrypts, and those under another than their suite's newest term, unless it is
 * about one secret. (A younger job may have re-encrypted one secret under the term that is to end.)
 */
export function rowsToMove(
  { db }: Services,
  job: Job,
  tenantId: string,
  newest: { value: readonly number[]; digest: readonly number[] },
  after: VersionCursor | null,
  limit: number,
): Promise<SealedVersionRow[]> {
  const { secretId, number } = after ?? START;
  return again(() =>
    withTenantSql(db, tenantId, ({ query }) =>
      query<SealedVersionRow>(SQL, [
        tenantId,
        secretId,
        number,
        job.secretId,
        job.kind !== "rotate_tenant",
        job.number,
        job.digests ? newest.digest : null,
        newest.value,
        limit,
        MOST_BYTES,
        job.kind !== "rotate_tenant" && job.secretId === null,
      ]),
    ),
  );
}
