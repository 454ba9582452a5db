import { type Transaction, withDeployment } from "@keyfold/db";
import {
  type Checkpoint,
  type ConsistencyLine,
  consistencyRanges,
  EMPTY,
  headsEntry,
  LedgerError,
  leafHash,
  openCheckpoint,
  rangeRootOf,
} from "@keyfold/ledger";
import { describeCause, KeyfoldError } from "../error.ts";
import { again } from "../flow/again.ts";
import type { Services } from "../flow/services.ts";
import { frontierOf, originOf } from "./stored.ts";

type Asked = Pick<Services, "db" | "deployment" | "signer" | "log">;

/**
 * That the log of checkpoints has only grown from its first one to this one. Where the log does not hold what was signed,
 * the operator's log says so, and an export goes without.
 * @param newest a signed note
 * @returns null for the first one itself, too
 */
export async function proveGrown(services: Asked, newest: string): Promise<ConsistencyLine | null> {
  try {
    const last = signed(services, newest);
    return last.size === 1 ? null : await prove(services, last, 1, null);
  } catch (error) {
    if (!(error instanceof KeyfoldError) || error.code !== "integrity_failed") throw error;
    services.log.error(
      { code: error.code, cause: describeCause(error.cause) },
      "an export has no consistency proof",
    );
    return null;
  }
}

/**
 * That the log of checkpoints has only grown from an earlier one to this one.
 * @param newest a signed note
 * @param since the earlier one's signed note
 * @throws KeyfoldError `bad_input` for a note that this deployment has not signed, or of a log that a restore has ended;
 *   `integrity_failed` where the log does not hold what was signed
 */
export async function proveConsistency(
  services: Asked,
  newest: string,
  since: string,
): Promise<ConsistencyLine> {
  const last = signed(services, newest);
  return prove(services, last, opened(services, since, last).size, since);
}

/** From a few rows, however long the log is: each holds the tree's full subtrees with it. @param from null: as it is stored */
function prove(
  services: Asked,
  last: Checkpoint,
  size: number,
  from: string | null,
): Promise<ConsistencyLine> {
  return again(() =>
    withDeployment(services.db, async (tx) => {
      const log = await logOf(services, tx, last.origin);
      const ranges = consistencyRanges(size, last.size);
      const rows = await readRows(tx, log, [size, ...ranges.flatMap(([, to]) => [to - 1, to])]);
      const path = ranges.map(([begin, end]) => {
        const before = end === 1 ? EMPTY : frontierOf(rows(end - 1));
        return rangeRootOf(before, begin, leafOf(rows(end)));
      });
      return { from: from ?? rows(size).note, path };
    }),
  );
}

/** @returns null for what this deployment has not signed, or nobody */
function openOwn({ signer }: Asked, note: string): Checkpoint | null {
  try {
    return openCheckpoint(note, [signer.verifier]);
  } catch (error) {
    if (error instanceof LedgerError) return null;
    throw error;
  }
}

function signed(services: Asked, newest: string): Checkpoint {
  const last = openOwn(services, newest);
  if (last === null) throw changed("the newest checkpoint was not signed by this deployment");
  return last;
}

function opened(services: Asked, since: string, last: Checkpoint): Checkpoint {
  const from = openOwn(services, since);
  if (from === null || from.size === 0) throw unfit("is no checkpoint that this deployment has signed");
  if (from.origin !== last.origin)
    throw unfit("is of a log of checkpoints that a restore of the database has ended");
  if (from.size > last.size) throw changed("the newest checkpoints are gone from the database");
  return from;
}

async function logOf({ deployment }: Asked, { sql }: Transaction, origin: string): Promise<number> {
  const log = await sql.checkpointLog.findUnique({
    where: { id: origin.slice(originOf(deployment, "").length) },
  });
  if (log === null) throw changed("there is no such log of checkpoints");
  return log.number;
}

interface Row {
  number: bigint;
  madeAt: Date;
  chains: number;
  headsRoot: Uint8Array;
  nodes: Uint8Array;
  note: string;
}

async function readRows(
  { sql }: Transaction,
  log: number,
  numbers: readonly number[],
): Promise<(number: number) => Omit<Row, "nodes"> & { nodes: Buffer }> {
  const rows: Row[] = await sql.checkpoint.findMany({ where: { log, number: { in: numbers.map(BigInt) } } });
  const byNumber = new Map(rows.map((row) => [Number(row.number), row]));
  return (number) => {
    const row = byNumber.get(number);
    if (row === undefined) throw changed("checkpoints are gone from the database");
    return { ...row, nodes: Buffer.from(row.nodes) };
  };
}

const leafOf = ({ madeAt, chains, headsRoot }: Pick<Row, "madeAt" | "chains" | "headsRoot">): Buffer =>
  leafHash(headsEntry(madeAt, chains, Buffer.from(headsRoot)));

const unfit = (message: string) => new KeyfoldError("bad_input", { issues: [{ path: "since", message }] });
const changed = (what: string) => new KeyfoldError("integrity_failed", { cause: new Error(what) });
