import { type AuditEvent, decodeBodies, decodeEvent, LedgerError } from "@keyfold/ledger";
import { z } from "zod";
import { KeyfoldError } from "../error.ts";
import { look, type PrismaUnit } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { decodeCursor, encodeCursor } from "../input/page.ts";
import { chainHere } from "../region/gate.ts";
import { onDeploymentChain } from "./deployment.ts";
import { type AuditEventView, listAuditInput, listAuditOutput } from "./schema.ts";

/** Events that one call decodes at most before it hands back a cursor to go on from. */
const MOST_EVENTS = 50_000;
const BATCHES_AT_ONCE = 500;
/** What one query brings at most, in bytes, unless a single batch is larger. */
const BYTES_AT_ONCE = 4 * 1024 * 1024;

/** The next event lies before this sequence number, in this batch or an earlier one. */
type Cursor = readonly [seq: number, batch: number];
const FROM_THE_END: Cursor = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];

type Filter = Pick<
  z.output<typeof listAuditInput>,
  "action" | "outcome" | "actor" | "target" | "since" | "until" | "limit"
>;

/** A tenant's audit events (or the deployment's own), newest first. Decoded from the batches as they were hashed. */
export const listAudit = defineVerb({
  action: "audit.list",
  changes: false,
  summary: "List audit events",
  input: listAuditInput,
  output: listAuditOutput,
  async run(call, input) {
    const from = decodeCursor(z.tuple([z.int().min(1), z.int().min(1)]), input.cursor) ?? FROM_THE_END;
    if (input.deployment) {
      if (call.actor.type !== "operator") throw new KeyfoldError("forbidden");
      return onDeploymentChain(call, (unit) =>
        readBack(unit, chainHere(call.services, call.services.deployment), from, input),
      );
    }
    const tenantId = await tenantOf(call, input.tenant);
    return look(call, tenantId, async (unit) => {
      const chain = chainHere(call.services, tenantId);
      const page = await readBack(unit, chain, from, input);
      unit.record({
        target: { type: "chain", id: chain, name: null },
        details: { count: page.events.length },
      });
      return page;
    });
  },
});

interface BatchRow {
  number: bigint;
  first_seq: bigint;
  bodies: Uint8Array | null;
}

// Newest first, as many batches as fit the budget of bytes, and one at least.
const SQL = `SELECT number, first_seq, bodies FROM (
    SELECT number, first_seq, bodies, sum(coalesce(octet_length(bodies), 0)) OVER (ORDER BY number DESC) AS total FROM (
      SELECT number, first_seq, bodies FROM control_plane.audit_batches
       WHERE chain_id = $1::uuid AND number <= $2::bigint ORDER BY number DESC LIMIT $3::int) newest) counted
   WHERE total - coalesce(octet_length(bodies), 0) < $4::bigint ORDER BY number DESC`;

async function readBack(
  unit: Pick<PrismaUnit, "query">,
  chainId: string,
  [fromSeq, fromBatch]: Cursor,
  filter: Filter,
): Promise<z.output<typeof listAuditOutput>> {
  const events: AuditEventView[] = [];
  let before = fromSeq;
  let batch = fromBatch;
  for (let decoded = 0; decoded < MOST_EVENTS; ) {
    const rows = await unit.query<BatchRow>(SQL, [chainId, String(batch), BATCHES_AT_ONCE, BYTES_AT_ONCE]);
    for (const row of rows) {
      batch = Number(row.number);
      const first = Number(row.first_seq);
      const bodies = row.bodies === null ? [] : stored(() => decodeBodies(row.bodies!));
      decoded += bodies.length + 1;
      for (let i = bodies.length - 1; i >= 0; i--) {
        const seq = first + i;
        if (seq >= before) continue;
        const event = stored(() => decodeEvent(bodies[i]!));
        if (!matches(event, filter)) continue;
        events.push(view(event, seq));
        if (events.length === filter.limit)
          return { events, nextCursor: seq > 1 ? encodeCursor([seq, batch]) : null };
      }
      before = Math.min(before, first);
    }
    if (batch === 1 || rows.length === 0) return { events, nextCursor: null };
    batch--;
  }
  return { events, nextCursor: encodeCursor([before, batch]) };
}

/** @throws KeyfoldError `integrity_failed` for bytes that were not written by us */
function stored<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof LedgerError) throw new KeyfoldError("integrity_failed", { cause: error });
    throw error;
  }
}

function matches(event: AuditEvent, filter: Filter): boolean {
  return (
    (filter.action === undefined ||
      event.action === filter.action ||
      event.action.startsWith(`${filter.action}.`)) &&
    (filter.outcome === undefined || event.outcome === filter.outcome) &&
    (filter.actor === undefined || event.actor.id === filter.actor) &&
    (filter.target === undefined || event.target?.id === filter.target) &&
    (filter.since === undefined || event.time >= filter.since) &&
    (filter.until === undefined || event.time < filter.until)
  );
}

function view({ tenant: _, ...event }: AuditEvent, seq: number): AuditEventView {
  return { seq, ...event };
}
