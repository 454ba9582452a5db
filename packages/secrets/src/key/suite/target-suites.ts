import { withTenantSql } from "@keyfold/db";
import type { WrapSuite } from "@keyfold/envelope";
import { again } from "../../flow/again.ts";
import type { Call } from "../../flow/call.ts";
import { SECRET_COLUMNS, type SecretColumns, secretOf } from "../../secret/rows.ts";
import { loadTenant } from "../../tenant/store.ts";
import type { Job } from "../job/job.ts";
import { storedKeys } from "../tenant/stored-keys.ts";
import type { SealedVersionRow } from "../term/sealed-rows.ts";
import { suiteOf } from "./algorithm.ts";

/** The suite that a version is under, and the one that a job moves it to. */
export interface Suites {
  from: WrapSuite;
  to: WrapSuite;
}

const SQL = `SELECT ${SECRET_COLUMNS}, s.project_id AS p_id, s.environment_id AS e_id
  FROM control_plane.secrets s WHERE s.tenant_id = $1::uuid AND s.id = ANY ($2::uuid[])`;

/**
 * Rewrapped, a version stays in its suite; re-encrypted, it goes to the one that its secret wants. All rows that say so are
 * authenticated first: nobody moves a value out of its suite by editing the database.
 * @returns by the version's row
 * @throws KeyfoldError `integrity_failed`, `not_found`
 */
export async function targetSuites(
  call: Call,
  job: Job,
  tenantId: string,
  rows: readonly SealedVersionRow[],
): Promise<Map<SealedVersionRow, Suites>> {
  const { db, mac, algorithm } = call.services;
  return again(() =>
    withTenantSql(db, tenantId, async (tx) => {
      const terms = new Map<number, WrapSuite>();
      for (const key of await storedKeys(tx, tenantId)) {
        mac.check("tenantKeys", tenantId, key);
        if (key.purpose === "value") terms.set(key.term, key.suite as WrapSuite);
      }
      const wanted = new Map<string, WrapSuite>();
      if (job.kind !== "rotate_tenant") {
        const tenant = await loadTenant({ ...tx, call }, tenantId, { deleted: true });
        const ids = [...new Set(rows.map(({ secretId }) => secretId))];
        for (const row of await tx.query<SecretColumns>(SQL, [tenantId, ids])) {
          const secret = secretOf(row);
          mac.check("secrets", tenantId, secret);
          wanted.set(secret.id, suiteOf(secret.algorithm ?? tenant.algorithm ?? algorithm));
        }
      }
      const suites = new Map<SealedVersionRow, Suites>();
      for (const row of rows) {
        const from = terms.get(row.term);
        // Its term has come to its end since the row was read: it was moved.
        if (from !== undefined) suites.set(row, { from, to: wanted.get(row.secretId) ?? from });
      }
      return suites;
    }),
  );
}
