import { withTenantSql } from "@keyfold/db";
import { liveness } from "../access/actor.ts";
import { append } from "../audit/append.ts";
import { OutcomeUnknown, settled } from "../audit/lost-commit.ts";
import { KeyfoldError } from "../error.ts";
import { ATTEMPTS } from "./again.ts";
import type { Call } from "./call.ts";
import { begin, changeSql, nothingLeft, type Unit, unappended } from "./change.ts";
import type { Services } from "./services.ts";

/** A change that waits for its turn. */
interface Waiting {
  call: Call;
  /** What it locks first: everybody locks in this order, so that no two wait for each other. */
  order: string;
  work(unit: Unit): Promise<unknown>;
  /** Ends the waiting; gone once its turn has come. */
  late: NodeJS.Timeout;
  resolve(result: never): void;
  reject(error: unknown): void;
}

/** The changes of one token, on their way or waiting. */
interface Line {
  waiting: Waiting[];
  running: number;
}

/** Most changes of one transaction: each waits for all of them. */
const MOST = 32;
/** Most transactions of one token at once; each keeps a connection. */
const AT_ONCE = 2;
/** How long changes together wait for a row that somebody else holds, before each waits by itself; in milliseconds. */
const LOCK_MS = 500;

/**
 * `changeSql` for what one token does many times at once: the changes that come while others are on their way share the
 * next transaction, and with it the commit, the batch of events and the raised epoch. A tenant's chain takes one commit
 * after the other, and so few hundred a second; together they are as many as the database can write.
 *
 * All or nothing: where one of them cannot be done, or waits for somebody else's row, nothing was changed, and each is done
 * by itself, with its own answer. Only a token's changes share a transaction with each other, for they live and die together.
 * @throws KeyfoldError `busy` where its turn does not come; what `changeSql` throws
 * @param order what it changes, such as a name; of two changes of the same, the second has the next turn
 */
export function changeTogether<T>(
  call: Call,
  tenantId: string,
  order: string,
  work: (unit: Unit) => Promise<T>,
): Promise<T> {
  const { actor, services } = call;
  if (actor.type !== "service_token" || actor.session !== null) return changeSql(call, tenantId, work);
  const lines = linesOf(services);
  const line = lines.get(actor.id) ?? { waiting: [], running: 0 };
  lines.set(actor.id, line);
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      line.waiting = line.waiting.filter((one) => one !== waiting);
      reject(new KeyfoldError("busy"));
    }, services.limits.turnMs);
    const waiting: Waiting = { call, order, work, late, resolve, reject };
    line.waiting.push(waiting);
    if (line.running < AT_ONCE) void run(services, tenantId, actor.id, line);
  });
}

const allLines = new WeakMap<Services, Map<string, Line>>();

function linesOf(services: Services): Map<string, Line> {
  const known = allLines.get(services) ?? new Map<string, Line>();
  allLines.set(services, known);
  return known;
}

async function run(services: Services, tenantId: string, id: string, line: Line): Promise<void> {
  line.running++;
  // What comes in the same turn of the event loop shares the first transaction.
  await new Promise((resolve) => setImmediate(resolve));
  while (line.waiting.length > 0) {
    const group = takeGroup(line);
    const together = group.length > 1;
    if (together && (await doneTogether(services, tenantId, group))) continue;
    // What was tried together was tried once.
    const attempts = together ? ATTEMPTS - 1 : ATTEMPTS;
    await Promise.all(group.map((one) => doneAlone(tenantId, one, attempts)));
  }
  line.running--;
  if (line.running === 0) linesOf(services).delete(id);
}

/** The first in line, each of what it changes, in the order in which all lock. */
function takeGroup(line: Line): Waiting[] {
  // With two transactions on their way, each takes half of what waits.
  const most = Math.min(MOST, Math.max(1, Math.ceil(line.waiting.length / (AT_ONCE + 1 - line.running))));
  const group = new Map<string, Waiting>();
  const left: Waiting[] = [];
  for (const one of line.waiting)
    if (group.size < most && !group.has(one.order)) group.set(one.order, one);
    else left.push(one);
  line.waiting = left;
  for (const { late } of group.values()) clearTimeout(late);
  return [...group.values()].sort((a, b) => (a.order < b.order ? -1 : 1));
}

async function doneAlone(
  tenantId: string,
  { call, work, resolve, reject }: Waiting,
  attempts: number,
): Promise<void> {
  try {
    resolve((await changeSql(call, tenantId, work, { attempts })) as never);
  } catch (error) {
    reject(error);
  }
}

/** @returns false where nothing was changed, and each is to be done by itself */
async function doneTogether(
  services: Services,
  tenantId: string,
  group: readonly Waiting[],
): Promise<boolean> {
  const left = nothingLeft();
  let results: unknown[];
  try {
    results = await settled(services.db, (ends) =>
      withTenantSql(
        services.db,
        tenantId,
        async (tx) => {
          // Side by side, each statement of all of them on its way at once: in the order in which all lock.
          const done = await Promise.allSettled([
            tx.query("SELECT set_config('lock_timeout', $1, true)", [String(LOCK_MS)]),
            ...group.map(async ({ call, work }) => work(begin(call, tenantId, tx, left).unit)),
          ]);
          // Only when all are done with the connection may one end the transaction.
          const [, ...values] = done.map((one) => {
            if (one.status === "rejected") throw one.reason;
            return one.value;
          });
          if (left.events.length === 0) return values;
          const { actor } = group[0]!.call;
          const judge = { raise: true, deadline: actor.deadline, token: liveness(actor) };
          const outcome = await append(tx.query, tenantId, left.events, judge, left.told);
          if (outcome !== "appended") throw unappended(outcome);
          return ends(tenantId, left.told.batch, values);
        },
        { pipelined: true },
      ),
    );
  } catch (error) {
    if (!(error instanceof OutcomeUnknown)) return false; // whose it was shows when each is done by itself
    for (const { reject } of group) reject(error);
    return true;
  }
  try {
    await services.journal?.note(left.refusals);
  } catch (error) {
    for (const { reject } of group) reject(error);
    return true;
  }
  for (const [index, { resolve }] of group.entries()) resolve(results[index] as never);
  return true;
}
