import { type AuditEvent, decodeBodies, decodeEvent, LedgerError } from "@keyfold/ledger";
import { z } from "zod";
import { KeyfoldError } from "../error.ts";
import { look, type PrismaUnit } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { decodeCursor, encodeCursor } from "../input/page.ts";
import { onDeploymentChain } from "./deployment.ts";
import { type AuditEventView, listAuditInput, listAuditOutput } from "./schema.ts";

/** Batches that one call reads at most before it hands back a cursor to go on from. */
const MOST_BATCHES = 20_000;
const BATCHES_AT_ONCE = 500;

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
    const before = decodeCursor(z.tuple([z.int()]), input.cursor)?.[0] ?? Number.MAX_SAFE_INTEGER;
    if (input.deployment) {
      if (call.actor.type !== "operator") throw new KeyfoldError("forbidden");
      return onDeploymentChain(call, (unit) => readBack(unit, call.services.deployment, before, input));
    }
    const tenantId = await tenantOf(call, input.tenant);
    return look(call, tenantId, async (unit) => {
      const page = await readBack(unit, tenantId, before, input);
      unit.record({
        target: { type: "chain", id: tenantId, name: null },
        details: { count: page.events.length },
      });
      return page;
    });
  },
});

async function readBack(
  unit: Pick<PrismaUnit, "sql">,
  chainId: string,
  before: number,
  filter: Filter,
): Promise<z.output<typeof listAuditOutput>> {
  const events: AuditEventView[] = [];
  let next = before;
  for (let read = 0; read < MOST_BATCHES; read += BATCHES_AT_ONCE) {
    const batches = await unit.sql.auditBatch.findMany({
      where: { chainId, firstSeq: { lt: BigInt(next) } },
      orderBy: { number: "desc" },
      take: BATCHES_AT_ONCE,
      select: { firstSeq: true, bodies: true },
    });
    for (const batch of batches) {
      const first = Number(batch.firstSeq);
      if (batch.bodies !== null) {
        const bytes = batch.bodies;
        const bodies = stored(() => decodeBodies(bytes));
        for (let i = bodies.length - 1; i >= 0; i--) {
          const seq = first + i;
          if (seq >= next) continue;
          const event = stored(() => decodeEvent(bodies[i]!));
          if (!matches(event, filter)) continue;
          events.push(view(event, seq));
          if (events.length === filter.limit)
            return { events, nextCursor: seq > 1 ? encodeCursor([seq]) : null };
        }
      }
      next = first;
    }
    if (batches.length < BATCHES_AT_ONCE) return { events, nextCursor: null };
  }
  return { events, nextCursor: encodeCursor([next]) };
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
