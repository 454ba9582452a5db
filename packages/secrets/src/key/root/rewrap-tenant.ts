import type { WrapSuite } from "@keyfold/envelope";
import { KeyfoldError } from "../../error.ts";
import type { Call } from "../../flow/call.ts";
import { changeSql } from "../../flow/change.ts";
import type { Slot } from "../job/walk.ts";
import { type CurrentOpeners, openerFor } from "../opener/openers.ts";
import type { StoredTenantKey, TenantPurpose } from "../tenant/rows.ts";
import { loadStoredKeys } from "../tenant/stored-keys.ts";

const INSERT = `INSERT INTO control_plane.key_wraps
    (tenant_id, purpose, term, opener, provider, suite, wrapped, created_at, generation, mac, key_version)
  SELECT k.tenant_id, k.purpose, k.term, n.opener, n.provider, n.suite, n.wrapped, n.created_at, n.generation, n.mac, n.key_version
    FROM unnest($2::text[], $3::int[], $4::text[], $5::text[], $6::smallint[], $7::bytea[], $8::timestamptz[], $9::int[], $10::bytea[],
        $11::bytea[], $12::text[])
      AS n (purpose, term, opener, provider, suite, wrapped, created_at, generation, mac, key_mac, key_version)
    JOIN control_plane.tenant_keys k
      ON k.tenant_id = $1::uuid AND k.purpose = n.purpose AND k.term = n.term AND k.mac = n.key_mac
  ON CONFLICT DO NOTHING RETURNING purpose`;

/**
 * Adds a wrap under the current root key (for a hybrid key: and to the current hybrid seed) to each of a tenant's keys
 * that has none: unwrap, wrap, unwrap again, compare;
 * then, in one transaction, insert where the key's row is still the one that was opened, and audit. No key service is
 * asked inside of it. Done twice, or by two at once, it adds nothing the second time.
 * @returns how many wraps were added
 */
export async function rewrapTenant(
  call: Call,
  tenantId: string,
  now: CurrentOpeners,
  slot: Slot,
): Promise<number> {
  const { services } = call;
  const stored = await slot(() => loadStoredKeys(services, tenantId));
  const lacking = stored.filter(
    (key) => key.rootKey === null && !key.wraps.some((wrap) => wrap.opener === openerFor(now, key.suite)),
  );
  if (lacking.length === 0) return 0;
  const made = await Promise.all(lacking.map((key) => rewrap(call, tenantId, key, now)));
  const column = <K extends keyof (typeof made)[number]>(name: K) => made.map((wrap) => wrap[name]);
  return slot(() =>
    changeSql(
      call,
      tenantId,
      async (unit) => {
        const added = await unit.query(INSERT, [
          tenantId,
          column("purpose"),
          column("term"),
          column("opener"),
          column("provider"),
          column("suite"),
          column("wrapped"),
          column("createdAt"),
          column("generation"),
          column("mac"),
          column("keyMac"),
          column("keyVersion"),
        ]);
        if (added.length > 0)
          unit.record({
            action: "key.rewrapped",
            target: { type: "key", id: now.root, name: null },
            details: { keys: added.length },
          });
        return added.length;
      },
      { tenant: "any" },
    ),
  );
}

async function rewrap({ services }: Call, tenantId: string, stored: StoredTenantKey, now: CurrentOpeners) {
  const { keys } = services;
  const key = await keys.open(tenantId, stored);
  const purpose = stored.purpose as TenantPurpose;
  const wrap = await keys.wrap(
    tenantId,
    purpose,
    stored.term,
    key,
    services.clock(),
    stored.suite as WrapSuite,
  );
  // The key service moved on to another key under our hands: the next slice finds it.
  if (wrap.opener !== openerFor(now, stored.suite)) throw new KeyfoldError("conflict");
  // `open` compares the check value: what cannot be opened again is never stored.
  await keys.open(tenantId, { ...stored, wraps: [wrap] });
  return { ...wrap, keyMac: stored.mac };
}
