import { tellDeployment } from "../audit/deployment.ts";
import { KeyfoldError } from "../error.ts";
import { change } from "../flow/change.ts";
import { defineVerb } from "../flow/verb.ts";
import { purgeTenantInput, purgeTenantOutput } from "./schema.ts";
import { loadTenant, moveTenant } from "./store.ts";

/**
 * Ends a deleted tenant: its keys first, then every secret, version and token; of its audit chain the bodies go and the
 * salted leaves stay. The deployment's chain records the last batch, so that what was there can still be proved.
 * Copies in the heap until VACUUM, in the WAL, in replicas and backups live on until those expire (SECURITY.md).
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
    services.keys.drop(input.tenant);
    services.hot.cache?.dropTenant(input.tenant);
    return result;
  },
});
