import { type CheckpointProof, proveHead } from "@keyfold/ledger";
import type { z } from "zod";
import { onDeploymentChain } from "../audit/deployment.ts";
import { KeyfoldError } from "../error.ts";
import type { Call } from "../flow/call.ts";
import { look } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { chainHere } from "../region/gate.ts";
import { newestCheckpoint } from "./newest.ts";
import { readCheckpointInput, readCheckpointOutput } from "./schema.ts";

type Answer = z.input<typeof readCheckpointOutput>;

/**
 * The newest signed checkpoint with the proof that it covers a tenant's chain (or the deployment's own), and the public
 * key that signed it. What it proves holds for whoever has kept that key, or an older checkpoint, outside.
 */
export const readCheckpoint = defineVerb({
  action: "audit.checkpoint",
  changes: false,
  summary: "Read the newest signed checkpoint, and the proof that it covers a chain",
  input: readCheckpointInput,
  output: readCheckpointOutput,
  async run(call, input) {
    if (input.deployment) {
      if (call.actor.type !== "operator") throw new KeyfoldError("forbidden");
      const answer = await about(call, chainHere(call.services, call.services.deployment));
      return onDeploymentChain(call, async () => ({ ...answer, events: [] }));
    }
    const tenantId = await tenantOf(call, input.tenant);
    const answer = await about(call, chainHere(call.services, tenantId));
    return look(call, tenantId, async (unit) => {
      unit.record({ target: { type: "chain", id: tenantId, name: null } });
      return answer;
    });
  },
});

async function about({ services }: Call, chain: string): Promise<Answer> {
  const newest = await newestCheckpoint(services);
  const { publicKey } = services.signer;
  if (newest === null) return { publicKey, checkpoint: null, head: null };
  const proof = proveHead(newest, newest.heads, chain);
  return {
    publicKey,
    checkpoint: viewCheckpoint(newest),
    head: proof && {
      chain,
      batches: proof.head.batches,
      events: proof.head.events,
      hash: proof.head.hash.toString("hex"),
      index: proof.index,
      path: hex(proof.headPath),
    },
  };
}

const viewCheckpoint = (made: CheckpointProof) => ({
  note: made.note,
  time: made.time.toISOString(),
  chains: made.chains,
  headsRoot: made.headsRoot.toString("hex"),
  path: hex(made.path),
});

const hex = (hashes: readonly Buffer[]) => hashes.map((hash) => hash.toString("hex"));
