import { type ChainHead, headProofOf, LedgerError, verifyHead } from "@keyfold/ledger";
import { KeyfoldError } from "../error.ts";
import type { Call } from "../flow/call.ts";
import { change, type Unit } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { chainHere } from "../region/gate.ts";
import { onDeploymentChain } from "./deployment.ts";
import { pruneAuditInput, pruneAuditOutput } from "./schema.ts";

/** Batches that one call takes at most. */
const LOT = 2_000;
const DAY_MS = 86_400_000;

/**
 * Retention: takes the events of old batches away, below a checkpoint that an export has brought out, and keeps their
 * leaves: what is left verifies as before, and the export still shows what they were. The log itself tells of it.
 * @throws KeyfoldError `bad_input` for a checkpoint that this deployment has not signed, or of another chain;
 * `integrity_failed` where the chain is not what the checkpoint says
 */
export const pruneAudit = defineVerb({
  action: "audit.prune",
  changes: true,
  summary: "Take away old events below an exported checkpoint, and keep their leaves",
  input: pruneAuditInput,
  output: pruneAuditOutput,
  async run(call, input) {
    const { services } = call;
    if (input.deployment) {
      if (call.actor.type !== "operator") throw new KeyfoldError("forbidden");
      const head = covered(call, chainHere(services, services.deployment), input.checkpoint);
      const before = new Date(services.clock().getTime() - input.olderThanDays * DAY_MS);
      const done = await onDeploymentChain(call, async (unit) => ({
        ...(await prune(unit, head, before)),
        events: [],
      }));
      return { batches: done.batches, more: done.more };
    }
    const tenantId = await tenantOf(call, input.tenant);
    const head = covered(call, chainHere(services, tenantId), input.checkpoint);
    return change(
      call,
      tenantId,
      async (unit) => {
        const before = new Date(unit.now.getTime() - input.olderThanDays * DAY_MS);
        const { batches, pruned, more } = await prune(unit, head, before);
        unit.record({
          target: { type: "chain", id: tenantId, name: null },
          details: { batches, events: pruned, before: before.toISOString(), below: head.batches },
        });
        return { batches, more };
      },
      // No right and no state has changed.
      { raise: false },
    );
  },
});

/** How far a checkpoint covers a chain, as the deployment itself has signed it. @throws KeyfoldError `bad_input` */
function covered({ services }: Call, chain: string, line: string): ChainHead {
  try {
    const json = JSON.parse(line) as { checkpoint?: unknown };
    const proof = headProofOf(json.checkpoint ?? json);
    if (proof.head.chain === chain && verifyHead(proof, [services.signer.verifier]) !== null)
      return proof.head;
  } catch (error) {
    if (!(error instanceof LedgerError || error instanceof SyntaxError || error instanceof TypeError))
      throw error;
  }
  throw new KeyfoldError("bad_input", {
    issues: [
      { path: "checkpoint", message: "is no checkpoint of this chain that this deployment has signed" },
    ],
  });
}

async function prune(unit: Pick<Unit, "query">, head: ChainHead, before: Date) {
  const [there] = await unit.query(
    `SELECT 1 FROM control_plane.audit_batches WHERE chain_id = $1::uuid AND number = $2::bigint AND hash = $3
       AND first_seq + count - 1 = $4::bigint`,
    [head.chain, String(head.batches), head.hash, String(head.events)],
  );
  if (there === undefined)
    throw new KeyfoldError("integrity_failed", {
      cause: new Error("an audit chain is not what a signed checkpoint says"),
    });
  const [row] = await unit.query<{ batches: number; events: bigint | string }>(
    "SELECT batches, events FROM control_plane.prune_audit($1::bigint, $2::timestamptz, $3::int)",
    [String(head.batches), before, LOT],
  );
  return { batches: row!.batches, pruned: Number(row!.events), more: row!.batches === LOT };
}
