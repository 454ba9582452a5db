import { z } from "zod";
import { jsonActor } from "../input/stored.ts";
import type { ShredRow } from "./store.ts";

/** A receipt's first line: what tells it from everything else that the same key signs. */
export const RECEIPT = "keyfold/shred-receipt/v1";

/** What was destroyed, as the row keeps it and the receipt lists it. */
export const destroyedSchema = z.object({
  keys: z.array(z.object({ purpose: z.string(), term: z.int(), checkValue: z.string() })),
  /** How many wraps there were under each root key. */
  openers: z.array(z.object({ opener: z.string(), wraps: z.int() })),
  sealedValues: z.int(),
  secrets: z.int(),
});
export type Destroyed = z.infer<typeof destroyedSchema>;

/** A chain as it ended: its last batch. */
export interface ChainEnd {
  chain: string;
  batch: number;
  root: string;
  hash: string;
}

/** What a shredding does not reach, and when each of it ends. Told in every receipt. */
const NOT_ERASED = [
  "The database's write-ahead log and its archive hold the wrapped keys until their files are recycled and expire.",
  "Physical replicas rewrite the keys' tables when they replay this; their own write-ahead log expires as the primary's.",
  "The databases of other regions, where there are any, delete the wrapped keys when they apply this, and hold them in dead rows until the keys' tables are rewritten there (VACUUM FULL); until then a region's root key opens them.",
  "Backups, dumps and snapshots that were taken before hold the wrapped keys until they expire. Whoever has one and a root key that wraps them opens what it holds.",
  "The disk's free blocks hold what stood in the files that were given up until they are overwritten.",
  "The tenant's names, metadata and audit log remain until the tenant is purged.",
] as const;

/**
 * A receipt's text: its name, and JSON for people and machines alike. What it says of keys are check values, which tell
 * keys apart and open nothing.
 */
export function receiptText(facts: {
  deployment: string;
  tenant: string;
  row: ShredRow;
  destroyed: Destroyed;
  chains: { tenant: ChainEnd; deployment: ChainEnd };
  rewrittenAt: Date | null;
  signedAt: Date;
  by: unknown;
}): string {
  const { row, destroyed } = facts;
  const body = {
    deployment: facts.deployment,
    tenant: { id: facts.tenant, slug: row.slug },
    shred: row.id,
    reason: row.reason,
    requested: { by: jsonActor(row.requestedBy), at: row.requestedAt.toISOString() },
    agreed: { by: jsonActor(row.agreedBy), at: row.agreedAt!.toISOString() },
    waitSeconds: row.waitSeconds,
    destroyed: { at: row.destroyedAt!.toISOString(), by: jsonActor(facts.by), ...destroyed },
    keyTablesRewrittenAt: facts.rewrittenAt?.toISOString() ?? null,
    chains: facts.chains,
    notYetErased: [
      ...(facts.rewrittenAt === null
        ? [
            "The keys' tables hold the wrapped keys in dead rows until their owner rewrites them (VACUUM FULL): this server lets the application not do it.",
          ]
        : []),
      ...NOT_ERASED,
    ],
    signedAt: facts.signedAt.toISOString(),
  };
  return `${RECEIPT}\n${ascii(JSON.stringify(body, null, 2))}\n`;
}

/** JSON in ASCII alone: a note holds no control characters, and nobody's editor or mail changes what is not there. */
const ascii = (json: string): string =>
  json.replace(/[^\n -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
