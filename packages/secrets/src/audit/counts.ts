import { z } from "zod";
import { KeyfoldError } from "../error.ts";
import { look, type Unit } from "../flow/change.ts";
import { sqlState } from "../flow/database-error.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { decodeCursor, encodeCursor } from "../input/page.ts";
import { chainHere } from "../region/gate.ts";
import { countAuditInput, countAuditOutput } from "./schema.ts";

/** Events that one call counts at most, the newest ones, before it hands back a cursor to go on from. */
const MOST_EVENTS = 50_000;
/** Spans that one answer holds at most. */
const MOST_SPANS = 1_000;
const MS = { hour: 3_600_000, day: 86_400_000 } as const;

/**
 * How much happened in a tenant, by the hour or by the day (of UTC), by when it became durable. Counted in the database, over
 * the batches of the time that is asked for and no others.
 * @throws KeyfoldError `bad_input` for a time that is empty or too long; `integrity_failed` for bytes that were not written by us
 */
export const countAudit = defineVerb({
  action: "audit.list",
  changes: false,
  summary: "Count audit events by the hour or by the day",
  input: countAuditInput,
  output: countAuditOutput,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return look(call, tenantId, async (unit) => {
      const chain = chainHere(call.services, tenantId);
      const counts = await countEvents(unit, chain, {
        since: new Date(input.since),
        until: input.until === undefined ? unit.now : new Date(input.until),
        by: input.by,
        below: decodeCursor(z.tuple([z.int().min(1)]), input.cursor)?.[0],
      });
      const events = counts.spans.reduce((sum, span) => sum + span.events, 0);
      unit.record({
        action: "audit.counted",
        target: { type: "chain", id: chain, name: null },
        details: { count: events, by: input.by, since: input.since },
      });
      return counts;
    });
  },
});

interface Counted {
  at: Date;
  first: bigint | string;
  made: Date;
  events: bigint | string;
  reads: bigint | string;
  refused: bigint | string;
  failed: bigint | string;
}

const RANGE = `SELECT control_plane.batch_at($1::uuid, $2::timestamptz) AS low,
  control_plane.batch_at($1::uuid, $3::timestamptz) AS high`;
const COUNTS = `SELECT date_bin($4::interval, b.created_at, timestamptz '2000-01-01 00:00:00+00') AS at,
    min(b.number) AS first, min(b.created_at) AS made, sum(e.times) AS events,
    coalesce(sum(e.times) FILTER (WHERE e.action = 'secret.accessed' AND e.outcome = 'success'), 0) AS reads,
    coalesce(sum(e.times) FILTER (WHERE e.outcome IN ('denied', 'not_found')), 0) AS refused,
    coalesce(sum(e.times) FILTER (WHERE e.outcome IN ('decryption_failed', 'error')), 0) AS failed
  FROM (SELECT *, sum(count) OVER (ORDER BY number DESC) AS total FROM (
      SELECT number, created_at, count, bodies FROM control_plane.audit_batches
       WHERE chain_id = $1::uuid AND number >= $2::bigint AND number < $3::bigint AND bodies IS NOT NULL
       ORDER BY number DESC LIMIT $5::int) newest) b
    CROSS JOIN LATERAL control_plane.events_of(b.bodies) e
  WHERE b.total - b.count < $5::int GROUP BY 1 ORDER BY 1`;

interface Range {
  since: Date;
  until: Date;
  by: "hour" | "day";
  /** Only batches below this number. */
  below?: number | undefined;
}

/** @param most events that are counted at most, but for the rest of a batch */
export async function countEvents(
  unit: Pick<Unit, "query">,
  chain: string,
  { since, until, by, below }: Range,
  most = MOST_EVENTS,
): Promise<z.output<typeof countAuditOutput>> {
  const step = MS[by];
  const start = Math.floor(since.getTime() / step) * step;
  const spans = Math.ceil((until.getTime() - start) / step);
  if (until <= since) throw unfit("since", "must lie before the end of the time that is asked for");
  if (spans > MOST_SPANS) throw unfit("since", `${MOST_SPANS} ${by}s are counted at most`);
  const [range] = await unit.query<{ low: bigint | string; high: bigint | string }>(RANGE, [
    chain,
    since.toISOString(),
    until.toISOString(),
  ]);
  const low = Number(range!.low);
  const high = Math.min(Number(range!.high), below ?? Number.POSITIVE_INFINITY);
  const rows = await unit
    .query<Counted>(COUNTS, [chain, String(low), String(high), `1 ${by}`, most])
    .catch((error: unknown) => {
      throw malformed(error) ? new KeyfoldError("integrity_failed", { cause: error }) : error;
    });
  const oldest = rows[0];
  const whole = oldest === undefined ? low >= high : Number(oldest.first) === low;
  const from = whole ? since : (oldest?.made ?? until);
  const found = new Map(rows.map((row) => [row.at.getTime(), row]));
  return {
    countedFrom: from.toISOString(),
    until: until.toISOString(),
    nextCursor: whole || oldest === undefined ? null : encodeCursor([Number(oldest.first)]),
    spans: Array.from({ length: spans }, (_, i) => {
      const at = start + i * step;
      const row = found.get(at);
      return {
        from: new Date(at).toISOString(),
        events: Number(row?.events ?? 0),
        reads: Number(row?.reads ?? 0),
        refused: Number(row?.refused ?? 0),
        failed: Number(row?.failed ?? 0),
      };
    }),
  };
}

const unfit = (path: string, message: string) =>
  new KeyfoldError("bad_input", { issues: [{ path, message }] });

/** Bytes that are no event: a length beyond the end, no UTF-8, no JSON. */
const malformed = (error: unknown): boolean => ["XX001", "22021", "22P02"].includes(sqlState(error) ?? "");
