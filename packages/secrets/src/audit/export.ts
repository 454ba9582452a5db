import {
  batchLine,
  consistencyLine,
  decodeBodies,
  endLine,
  genesisHash,
  headerLine,
  headProofJson,
  LedgerError,
  proveHead,
} from "@keyfold/ledger";
import { z } from "zod";
import { proveConsistency, proveGrown } from "../checkpoint/consistency.ts";
import { newestCheckpoint } from "../checkpoint/newest.ts";
import { KeyfoldError } from "../error.ts";
import type { Call } from "../flow/call.ts";
import { look, type PrismaUnit } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { decodeCursor, encodeCursor } from "../input/page.ts";
import { chainHere } from "../region/gate.ts";
import { onDeploymentChain } from "./deployment.ts";
import { exportAuditInput, exportAuditOutput } from "./schema.ts";

/** What one page brings at most, in bytes of events, unless a single batch is larger. */
const PAGE_BYTES = 1024 * 1024;
const PAGE_BATCHES = 1000;

/** The export ends with this batch, and goes on behind that one. */
const cursorShape = z.tuple([z.int().min(0), z.int().min(0)]);

/**
 * A tenant's whole chain (or the deployment's own) as lines of an export, page by page: joined by line ends they are a
 * file that `keyfold audit verify` takes. What is appended after its first page was asked for is not in it.
 */
export const exportAudit = defineVerb({
  action: "audit.export",
  changes: false,
  summary: "Export an audit chain, to be verified without a server",
  input: exportAuditInput,
  output: exportAuditOutput,
  async run(call, input) {
    const from = decodeCursor(cursorShape, input.cursor);
    if (input.deployment) {
      if (call.actor.type !== "operator") throw new KeyfoldError("forbidden");
      const chain = chainHere(call.services, call.services.deployment);
      const opening = from === null ? await firstLines(call, chain, input.since) : null;
      const page = await onDeploymentChain(call, async (unit) => ({
        ...(await readPage(unit, chain, from, opening)),
        events: [],
      }));
      return { lines: page.lines, nextCursor: page.nextCursor };
    }
    const tenantId = await tenantOf(call, input.tenant);
    const chain = chainHere(call.services, tenantId);
    const opening = from === null ? await firstLines(call, chain, input.since) : null;
    return look(call, tenantId, async (unit) => {
      const page = await readPage(unit, chain, from, opening);
      unit.record({
        target: { type: "chain", id: chain, name: null },
        details: { from: page.from, to: page.to },
      });
      return { lines: page.lines, nextCursor: page.nextCursor };
    });
  },
});

interface Opening {
  lines: string[];
  genesis: Buffer;
}

/** @param since an earlier checkpoint's signed note, from which on the log of them is shown to have only grown */
async function firstLines({ services }: Call, chain: string, since: string | undefined): Promise<Opening> {
  const { deployment } = services;
  const newest = await newestCheckpoint(services);
  const proof = newest && proveHead(newest, newest.heads, chain);
  const consistency =
    proof &&
    (since === undefined
      ? await proveGrown(services, proof.note)
      : await proveConsistency(services, proof.note, since));
  if (since !== undefined && !consistency)
    throw new KeyfoldError("bad_input", {
      issues: [{ path: "since", message: "is given, but no checkpoint covers this chain yet" }],
    });
  const lines = [headerLine({ version: consistency ? 2 : 1, deployment, chain })];
  if (proof) lines.push(JSON.stringify({ checkpoint: headProofJson(proof) }));
  if (consistency) lines.push(consistencyLine(consistency));
  return { lines, genesis: genesisHash(deployment, chain) };
}

interface Row {
  number: string;
  first_seq: string;
  count: number;
  prev_hash: Uint8Array;
  root: Uint8Array;
  hash: Uint8Array;
  leaves: Uint8Array;
  bodies: Uint8Array | null;
}

// Oldest first, as many batches as fit the budget of bytes, and one at least. The order is of the number: a bare
// `ORDER BY number` would be of the answer's column, a text, in which 10 comes before 2.
const SQL = `SELECT number::text, first_seq::text, count, prev_hash, root, hash, leaves, bodies FROM (
    SELECT *, sum(octet_length(leaves) + coalesce(octet_length(bodies), 0)) OVER (ORDER BY number) AS total FROM (
      SELECT * FROM control_plane.audit_batches
       WHERE chain_id = $1::uuid AND number > $2::bigint AND number <= $3::bigint ORDER BY number LIMIT $4::int) next) counted
   WHERE total - octet_length(leaves) - coalesce(octet_length(bodies), 0) < $5::bigint ORDER BY counted.number`;

async function readPage(
  unit: Pick<PrismaUnit, "query">,
  chain: string,
  from: z.output<typeof cursorShape> | null,
  opening: Opening | null,
) {
  const [upTo, after] = from ?? [await newestNumber(unit, chain), 0];
  const rows = await unit.query<Row>(SQL, [chain, after, upTo, PAGE_BATCHES, PAGE_BYTES]);
  const lines = opening?.lines ?? [];
  for (const row of rows) {
    lines.push(
      batchLine({
        number: Number(row.number),
        firstSeq: Number(row.first_seq),
        count: row.count,
        prevHash: Buffer.from(row.prev_hash),
        root: Buffer.from(row.root),
        hash: Buffer.from(row.hash),
        leaves: Buffer.from(row.leaves),
        pruned: row.bodies === null,
      }),
    );
    if (row.bodies !== null) for (const event of eventsOf(row.bodies)) lines.push(event.toString("utf8"));
  }
  const last = rows.at(-1);
  const to = last === undefined ? upTo : Number(last.number);
  if (to < upTo) return { lines, from: after + 1, to, nextCursor: encodeCursor([upTo, to]) };
  lines.push(
    endLine(
      last === undefined
        ? { number: 0, seq: 0, hash: opening?.genesis ?? Buffer.alloc(32) }
        : { number: to, seq: Number(last.first_seq) + last.count - 1, hash: Buffer.from(last.hash) },
    ),
  );
  return { lines, from: after + 1, to, nextCursor: null };
}

async function newestNumber({ query }: Pick<PrismaUnit, "query">, chain: string): Promise<number> {
  const [row] = await query<{ newest: string }>(
    "SELECT coalesce(max(number), 0)::text AS newest FROM control_plane.audit_batches WHERE chain_id = $1::uuid",
    [chain],
  );
  return Number(row!.newest);
}

/** @throws KeyfoldError `integrity_failed` for bytes that were not written by us */
function eventsOf(bodies: Uint8Array): Buffer[] {
  try {
    return decodeBodies(bodies);
  } catch (error) {
    if (error instanceof LedgerError) throw new KeyfoldError("integrity_failed", { cause: error });
    throw error;
  }
}
