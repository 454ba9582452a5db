import { actorRef } from "../access/actor.ts";
import { tellDeployment } from "../audit/deployment.ts";
import { KeyfoldError } from "../error.ts";
import type { Call } from "../flow/call.ts";
import { changeSql, type Unit } from "../flow/change.ts";
import { forgetTenant } from "../key/tenant/forget.ts";
import { type Scrubbed, scrubKeyTables } from "../key/tenant/scrub.ts";
import { loadTenant, moveTenant } from "../tenant/store.ts";
import { destroyKeys } from "./destroy.ts";
import { type ChainEnd, destroyedSchema, receiptText } from "./statement.ts";
import { moveShred, newestShred, type ShredRow } from "./store.ts";

/** Sealed values that go in one transaction. */
const LOT = 1_000;

/** What a shredding came to: "held_back" where the keys' tables could not be rewritten yet, and it is tried again. */
export interface Finished {
  state: ShredRow["state"];
  problem: "held_back" | null;
}

/**
 * Ends a shredding whose wait is over: destroys the keys, erases what they sealed, rewrites the keys' tables, signs the
 * receipt. May be killed at any point and run again, by anyone; it goes on where it was.
 * @throws KeyfoldError `integrity_failed` where the row is not what both sides agreed to; the database's
 */
export async function finishShred(call: Call, tenantId: string): Promise<Finished> {
  const begun = await changeSql(call, tenantId, (unit) => begin(unit), { tenant: "any" });
  if (begun.state !== "erasing") return { state: begun.state, problem: null };
  forgetTenant(call.services, tenantId);
  while ((await erase(call, tenantId)) === LOT);
  const scrubbed = await scrubKeyTables(call.services.db);
  if (scrubbed === "held_back") return { state: "erasing", problem: "held_back" };
  const ended = await changeSql(call, tenantId, (unit) => end(unit, scrubbed), { tenant: "any" });
  return { state: ended.state, problem: null };
}

/** Destroys the keys, in one transaction with what tells of it, if both agreed and the wait is over. */
async function begin(unit: Unit): Promise<ShredRow> {
  const row = await newestShred(unit);
  if (row === null) throw new KeyfoldError("not_found");
  if (row.state !== "waiting" || row.dueAt! > unit.now) return row;
  const tenant = await loadTenant(unit, unit.tenantId, { deleted: true });
  const destroyed = await destroyKeys(unit, row.id);
  const moved = await moveShred(unit, row, {
    state: "erasing",
    destroyed: JSON.stringify({ by: actorRef(unit.call.actor), ...destroyed }),
    destroyedAt: unit.now,
  });
  // Its tokens are refused from now on; purging takes what remains, after the wait that every deleted tenant has.
  if (tenant.deletedAt === null) await moveTenant(unit, tenant, { deletedAt: unit.now });
  const happening = {
    action: "tenant.keys_destroyed",
    target: { type: "tenant" as const, id: tenant.id, name: tenant.slug },
    reason: row.reason,
    details: {
      shred: row.id,
      keys: destroyed.keys.length,
      openers: destroyed.openers.length,
      sealedValues: destroyed.sealedValues,
    },
  };
  unit.record(happening);
  await tellDeployment(unit, happening);
  return moved;
}

function erase(call: Call, tenantId: string): Promise<number> {
  return changeSql(
    call,
    tenantId,
    async (unit) => {
      await unit.query("SET LOCAL ROLE keyfold_deployment", []);
      const [row] = await unit.query<{ gone: number }>(
        "SELECT control_plane.erase_sealed_values($1::uuid, $2::int) AS gone",
        [tenantId, LOT],
      );
      return row!.gone;
    },
    { tenant: "any" },
  );
}

async function end(unit: Unit, scrubbed: Scrubbed): Promise<ShredRow> {
  const { services } = unit.call;
  const row = await newestShred(unit);
  if (row === null) throw new KeyfoldError("not_found");
  if (row.state !== "erasing") return row; // somebody else ended it
  const { by, ...rest } = JSON.parse(row.destroyed!) as { by: unknown };
  const text = receiptText({
    deployment: services.deployment,
    tenant: unit.tenantId,
    row,
    by,
    destroyed: destroyedSchema.parse(rest),
    chains: {
      tenant: await chainEnd(unit, unit.tenantId),
      deployment: await chainEnd(unit, services.deployment),
    },
    rewrittenAt: scrubbed === "clean" ? unit.now : null,
    signedAt: unit.now,
  });
  const moved = await moveShred(unit, row, {
    state: "shredded",
    receipt: services.signer.sign(text),
    finishedAt: unit.now,
  });
  const happening = {
    action: "tenant.shredded",
    target: { type: "tenant" as const, id: unit.tenantId, name: row.slug },
    details: { shred: row.id, keyTablesRewritten: scrubbed === "clean" },
  };
  unit.record(happening);
  await tellDeployment(unit, happening);
  return moved;
}

/** The last batch of a chain: the tenant's, which holds the destruction, and the deployment's. */
async function chainEnd(unit: Unit, chain: string): Promise<ChainEnd> {
  await unit.query("SELECT set_config('keyfold.tenant', $1, true)", [chain]);
  const [last] = await unit.query<{ number: string; root: Uint8Array; hash: Uint8Array }>(
    `SELECT number, root, hash FROM control_plane.audit_batches WHERE chain_id = $1::uuid ORDER BY number DESC LIMIT 1`,
    [chain],
  );
  await unit.query("SELECT set_config('keyfold.tenant', $1, true)", [unit.tenantId]);
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  return { chain, batch: Number(last!.number), root: hex(last!.root), hash: hex(last!.hash) };
}
