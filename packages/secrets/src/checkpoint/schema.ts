import { z } from "zod";
import { moment } from "../input/text.ts";
import { inTenant } from "../tenant/schema.ts";

export const readCheckpointInput = z.strictObject({
  ...inTenant,
  deployment: z
    .boolean()
    .default(false)
    .describe("The deployment's own chain instead of a tenant's; operators only."),
});

const hash = z.string().describe("32 bytes in hex.");

export const readCheckpointOutput = z.object({
  publicKey: z
    .string()
    .describe("The key that signed it, as name+id+key (c2sp.org/signed-note). Keep it outside of Keyfold."),
  checkpoint: z
    .object({
      note: z.string().describe("The signed note (c2sp.org/tlog-checkpoint)."),
      time: moment,
      chains: z.int().describe("How many chains it covers."),
      headsRoot: hash,
      path: z.array(hash).describe("From the log's last leaf to its root."),
    })
    .nullable()
    .describe("null before the first one was made."),
  head: z
    .object({
      chain: z.string(),
      batches: z.int(),
      events: z.int(),
      hash,
      index: z.int(),
      path: z.array(hash).describe("From this chain's head to `headsRoot`."),
    })
    .nullable()
    .describe("How far it covers the chain; null for a chain that began after it."),
});
