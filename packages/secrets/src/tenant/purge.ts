import { tellDeployment } from "../audit/deployment.ts";
import { KeyfoldError } from "../error.ts";
import { change } from "../flow/change.ts";
import type { Services } from "../flow/services.ts";
import { defineVerb } from "../flow/verb.ts";
import { forgetTenant } from "../key/tenant/forget.ts";
import { scrubKeyTables } from "../key/tenant/scrub.ts";
import { newestShred } from "../shred/store.ts";
import { purgeTenantInput, purgeTenantOutput } from "./schema.ts";
import { loadTenant, moveTenant } from "./store.ts";

/**
 * Ends a deleted tenant, some time after it was deleted: its keys first, then every secret, version and token; of its audit chain the bodies go and the
 * salted leaves stay. The deployment's chain records the last batch, so that what was there can still be proved.
 * The keys' tables are rewritten at once; copies in the WAL, in replicas and backups live on until those expire (SECURITY.md).
 */
export const purgeTenant = defineVerb({
  action: "tenant.purge",
  changes: true,
  summary: "Purge a deleted tenant: keys, secrets, everything",
  input: purgeTenantInput,
  output: purgeTenantOutput,
  async run(call, input) {
    const { services } = call;
    const result = await change(
      call,
      input.tenant,
      async (unit) => {
        const row = await loadTenant(unit, input.tenant, { deleted: true });
        if (row.deletedAt === null)
          throw new KeyfoldError("illegal_state", {
            sentence: "Only a deleted tenant is purged. Delete it first.",
          });
        if (row.slug !== input.confirm)
          throw new KeyfoldError("bad_input", {
            issues: [{ path: "confirm", message: "is not the slug that this tenant had" }],
          });
        const from = new Date(row.deletedAt.getTime() + services.waits.purgeSeconds * 1000);
        if (from > unit.now)
          throw new KeyfoldError("illegal_state", {
            sentence: `A deleted tenant is kept for a while, and this one can be purged from ${from.toISOString()} on. To destroy its keys before, shred it with its owner.`,
          });
        const shred = await newestShred(unit);
        if (shred !== null && shred.state !== "shredded" && shred.state !== "cancelled")
          throw new KeyfoldError("illegal_state", {
            sentence: "This tenant is being shredded. Wait for its receipt, or cancel that.",
          });
        await unit.query("SET LOCAL ROLE keyfold_deployment", []);
        const [last] = await unit.query<{ last_number: bigint; last_hash: Uint8Array }>(
          "SELECT * FROM control_plane.purge_tenant($1::uuid)",
          [row.id],
        );
        await unit.query("RESET ROLE", []);
        await moveTenant(unit, row, { name: "purged", purgedAt: unit.now });
        const lastHash = Buffer.from(last!.last_hash).toString("hex");
        await tellDeployment(unit, {
          target: { type: "tenant", id: row.id, name: row.slug },
          details: { lastBatch: Number(last!.last_number), lastHash },
        });
        return { id: row.id, lastBatch: Number(last!.last_number), lastHash };
      },
      { tenant: "any" },
    );
    forgetTenant(services, input.tenant);
    await scrub(services, input.tenant);
    return result;
  },
});

/** The tenant is gone already; what can still be found of its keys in dead rows is told, and goes with the next rewrite. */
async function scrub({ db, log }: Services, tenant: string): Promise<void> {
  const scrubbed = await scrubKeyTables(db).catch(() => "failed" as const);
  if (scrubbed !== "clean")
    log.warn(
      { tenant, code: scrubbed },
      "a purged tenant's wrapped keys are still in dead rows of the keys' tables",
    );
}
