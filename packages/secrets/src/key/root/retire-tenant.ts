import type { Call } from "../../flow/call.ts";
import { changeSql } from "../../flow/change.ts";
import type { Slot } from "../job/walk.ts";
import { type CurrentOpeners, openerFor } from "../opener/openers.ts";
import type { StoredTenantKey } from "../tenant/rows.ts";
import { storedKeys } from "../tenant/stored-keys.ts";
import { verifyTenant } from "./verify-tenant.ts";

/**
 * Takes a tenant's wraps under a root key, or to a hybrid seed, away, after each of its keys was opened with the one that stays; in one
 * transaction with its audit event, and only where the wraps that stay are still the bytes that were opened.
 * @returns how many wraps went
 */
export async function retireTenant(
  call: Call,
  tenantId: string,
  opener: string,
  keep: CurrentOpeners,
  slot: Slot,
): Promise<number> {
  const opened = staying(await verifyTenant(call, tenantId, keep, slot), keep);
  return slot(() =>
    changeSql(
      call,
      tenantId,
      async (unit) => {
        const now = staying(await storedKeys(unit, tenantId), keep);
        if ([...now].some(([key, mac]) => !opened.get(key)?.equals(mac))) return 0; // another slice looks again
        await unit.query("SET LOCAL ROLE keyfold_deployment", []);
        const [row] = await unit.query<{ gone: number }>(
          "SELECT control_plane.drop_wraps($1::uuid, $2, $3, $4) AS gone",
          [tenantId, opener, keep.root, keep.hybrid],
        );
        await unit.query("RESET ROLE", []);
        if (row!.gone > 0)
          unit.record({
            action: "key.opener_removed",
            target: { type: "key", id: opener, name: null },
            details: { keys: row!.gone },
          });
        return row!.gone;
      },
      { tenant: "any" },
    ),
  );
}

/** For each key, the MAC of its wrap that stays: it covers the wrapped bytes. */
function staying(keys: readonly StoredTenantKey[], keep: CurrentOpeners): Map<string, Buffer> {
  return new Map(
    keys.map((key) => [
      `${key.purpose}/${key.term}`,
      Buffer.from(key.wraps.find((wrap) => wrap.opener === openerFor(keep, key.suite))?.mac ?? []),
    ]),
  );
}
