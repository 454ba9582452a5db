import type { WrapSuite } from "@keyfold/envelope";
import type { Call } from "../../flow/call.ts";
import { changeSql } from "../../flow/change.ts";
import type { Job } from "../job/job.ts";
import type { Slot } from "../job/walk.ts";
import { takes } from "../opener/openers.ts";
import type { StoredTenantKey, TenantPurpose } from "../tenant/rows.ts";

const INSERT_KEY = `INSERT INTO control_plane.tenant_keys (tenant_id, purpose, term, check_value, created_at, generation, mac, round, suite, root_key)
  SELECT $1::uuid, $2::text, $3::int, $4::bytea, $5::timestamptz, $6::int, $7::bytea, $8::int, $9::smallint, $10::text
   WHERE (SELECT max(k.term) FROM control_plane.tenant_keys k WHERE k.tenant_id = $1::uuid AND k.purpose = $2::text) = $3::int - 1
  RETURNING 1 AS added`;
const INSERT_WRAP = `INSERT INTO control_plane.key_wraps
    (tenant_id, purpose, term, opener, provider, suite, wrapped, created_at, generation, mac, key_version)
  VALUES ($1::uuid, $2::text, $3::int, $4::text, $5::text, $6::smallint, $7::bytea, $8::timestamptz, $9::int, $10::bytea, $11::text)`;

/**
 * Adds a new term of a tenant's key in the suite of the newest one, which takes on nothing from then on. Key services are asked
 * before the transaction. Two who add one at once: the second one finds it there, and adds none.
 * @param term its number: the one after the highest of all suites
 * @returns whether this call added it
 */
export async function addTerm(
  call: Call,
  job: Job,
  tenantId: string,
  newest: StoredTenantKey,
  term: number,
  slot: Slot,
): Promise<boolean> {
  const { services } = call;
  // They say what the new term is wrapped under, too.
  for (const wrap of newest.wraps) services.mac.check("keyWraps", tenantId, wrap);
  const { key, wraps } = await services.keys.makeTerm(tenantId, {
    purpose: newest.purpose as TenantPurpose,
    term,
    round: Math.max(job.number, newest.round ?? 0),
    now: services.clock(),
    suite: newest.suite as WrapSuite,
    rootKey: newest.rootKey,
    also: newest.wraps
      .map(({ opener }) => opener)
      .filter((opener) => job.opener === null || !takes(opener, job.opener)),
  });
  const added = await slot(() =>
    changeSql(
      call,
      tenantId,
      async (unit) => {
        const added = await unit.query(INSERT_KEY, [
          tenantId,
          key.purpose,
          key.term,
          key.checkValue,
          key.createdAt,
          key.generation,
          key.mac,
          key.round,
          key.suite,
          key.rootKey,
        ]);
        if (added.length === 0) return false;
        for (const wrap of wraps)
          await unit.query(INSERT_WRAP, [
            tenantId,
            wrap.purpose,
            wrap.term,
            wrap.opener,
            wrap.provider,
            wrap.suite,
            wrap.wrapped,
            wrap.createdAt,
            wrap.generation,
            wrap.mac,
            wrap.keyVersion,
          ]);
        unit.record({
          action: "key.term_added",
          target: { type: "key", id: null, name: null },
          details: { job: job.id, purpose: key.purpose, term: key.term, openers: wraps.length },
        });
        return true;
      },
      { tenant: "any" },
    ),
  );
  services.keys.forgetTerms(tenantId);
  return added;
}
