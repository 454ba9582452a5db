import { type Connections, type Query, withTenantSql } from "@keyfold/db";
import { KeyfoldError } from "../error.ts";
import { databaseError, leavesOpen } from "../flow/database-error.ts";
import { onPool } from "../flow/query.ts";
import { type AppendOutcome, append, type Judgement, toldNobody } from "./append.ts";

/*
 * A connection that is lost before a commit's answer has come leaves open whether there was a commit. A batch's id says: it
 * is unique in its chain, and whoever appends holds the chain's lock until the transaction is over. Under that lock, on
 * another connection, the batch is there or it is not; and where it is then appended again under its id, what is still on
 * its way to the server can not become a second one.
 */

/** How long the look is tried again while the database is away, in milliseconds. */
const LOOKING_MS = 2_000;
const FIRST_PAUSE_MS = 20;

/** Holds a chain until the transaction ends: nobody else appends to it meanwhile. The same lock as append_events(). */
export async function holdChain(query: Query, chain: string): Promise<void> {
  await query("SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 7))::text", [chain]);
}

/**
 * Whether a batch is in its chain; where it is not, does `otherwise` while nobody else can append to the chain.
 * @param otherwise may append the batch: then this may be lost too, and is tried again
 * @throws the database's error, where it is still away after two seconds
 */
export async function unlessThere<T>(
  db: Connections,
  chain: string,
  batch: string,
  otherwise: (query: Query) => Promise<T>,
): Promise<T | "appended"> {
  const until = performance.now() + LOOKING_MS;
  for (let pause = FIRST_PAUSE_MS; ; pause *= 2) {
    try {
      return await withTenantSql(db, chain, async ({ query }) => {
        await holdChain(query, chain);
        const found = await query(
          "SELECT FROM control_plane.audit_batches WHERE chain_id = control_plane.chain_of($1::uuid) AND batch_id = $2::uuid",
          [chain, batch],
        );
        return found.length > 0 ? "appended" : otherwise(query);
      });
    } catch (error) {
      const away = (error instanceof KeyfoldError ? error : databaseError(error))?.code;
      if (away !== "database_unavailable" || performance.now() + pause > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

/** `append` as a transaction of its own. Where its answer is lost, it is found out whether it was done, or done again. */
export async function appendAlone(
  db: Connections,
  chain: string,
  events: readonly Buffer[],
  judge: Judgement,
): Promise<AppendOutcome> {
  const told = toldNobody();
  let open = false;
  const query: Query = (sql, params) =>
    onPool(db)<never>(sql, params).catch((error: unknown) => {
      open = leavesOpen(error);
      throw error;
    });
  try {
    return await append(query, chain, events, judge, told);
  } catch (error) {
    if (!open) throw error;
    return unlessThere(db, chain, told.batch, (again) => append(again, chain, events, judge, told));
  }
}

/** A transaction's commit was lost, and nothing of it was done: it may be tried once more. */
export class NothingDone extends KeyfoldError {
  constructor(cause: unknown) {
    super("database_unavailable", { cause });
  }
}

/** A transaction's commit was lost, and nobody can say now whether it was done. */
export class OutcomeUnknown extends KeyfoldError {
  constructor(cause: unknown) {
    super("database_unavailable", {
      sentence:
        "The database was lost while this was being stored: it may have been done, or not. Look before you try again.",
      cause,
    });
  }
}

/** Says with which batch, of which chain, a transaction ends, and hands its result back. */
export type Ends<T> = (chain: string, batch: string, result: T) => T;

/**
 * Runs a transaction that appends a batch last. If its commit's answer is lost, the batch says whether it was done: then its
 * result stands.
 * @param transact runs it, and calls `ends` with batch and result as the last thing before the commit
 * @throws NothingDone where it was lost and not done; OutcomeUnknown where that cannot be found out; what `transact` throws
 */
export async function settled<T>(db: Connections, transact: (ends: Ends<T>) => Promise<T>): Promise<T> {
  const last: { chain: string; batch: string; result: T }[] = [];
  try {
    return await transact((chain, batch, result) => {
      last.push({ chain, batch, result });
      return result;
    });
  } catch (error) {
    const [end] = last;
    if (end === undefined || !leavesOpen(error)) throw error;
    const found = await unlessThere(db, end.chain, end.batch, async () => "absent" as const).catch(
      (cause: unknown) => {
        throw new OutcomeUnknown(cause);
      },
    );
    if (found === "absent") throw new NothingDone(error);
    return end.result;
  }
}
