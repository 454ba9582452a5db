import type { Query } from "@keyfold/db";
import { expect, test } from "vitest";
import type { AppendOutcome } from "../audit/append.ts";
import { ReadAppender } from "./read-appender.ts";

const EVENT = Buffer.from("an event");

/** The chain that is called by a letter here: a UUID of nothing but it. */
const of = (letter: string): string => [8, 4, 4, 4, 12].map((length) => letter.repeat(length)).join("-");

/** One chain's batch comes as values, several chains' as columns. @returns their letters */
function chainsOf([chains]: readonly unknown[]): string[] {
  if (typeof chains === "string") return [chains[0]!];
  const bytes = chains as Buffer;
  return Array.from({ length: bytes.readInt32BE(12) }, (_, i) => bytes.toString("hex", 24 + 20 * i)[0]!);
}

/** The outcome of one chain, or those of several as one text; of what was appended the new batch's number. */
function rowsOf(outcomes: readonly string[]): Record<string, unknown>[] {
  const all = outcomes.map((one) => (one === "appended" ? "7" : one)).join();
  return [outcomes.length === 1 ? { outcome: all } : { outcomes: all }];
}

/** A database in which some chains are held by somebody else: who waits for one waits until it is let go. */
function databaseWith(held: Set<string>, answer: (chain: string) => AppendOutcome = () => "appended") {
  const waiting: { chains: string[]; resolve(rows: unknown): void }[] = [];
  const asked: { chains: string[]; deadlines: (Date | null)[]; wait: boolean }[] = [];
  const query = ((_sql: string, params: readonly unknown[]) => {
    const [chains, deadlines, wait] = [
      chainsOf(params),
      [params[7]].flat() as (Date | null)[],
      params[8] as boolean,
    ];
    asked.push({ chains, deadlines, wait });
    if (wait && held.has(chains[0]!)) return new Promise((resolve) => waiting.push({ chains, resolve }));
    return Promise.resolve(
      rowsOf(chains.map((chain) => (!wait && held.has(chain) ? "held" : answer(chain)))),
    );
  }) as Query;
  const letGo = () => {
    held.clear();
    for (const { chains, resolve } of waiting.splice(0)) resolve(rowsOf(chains.map(answer)));
  };
  return { query, letGo, asked };
}

const nothingIsLost = () => Promise.reject(new Error("no commit was lost"));

test("tenants whose chains are held keep no one else waiting, not even who once shared their commit", async () => {
  const database = databaseWith(new Set(["b", "d", "e"]));
  const appender = new ReadAppender(database.query, nothingIsLost);
  const blocked = ["b", "d", "e"].map((chain) => appender.append(of(chain), EVENT, 1n, null));
  // Shares the commit that finds b, d and e held; then comes again, and another too, while they still are.
  for (let i = 0; i < 3; i++) expect(await appender.append(of("a"), EVENT, 1n, null)).toBe("appended");
  expect(await appender.append(of("c"), EVENT, 1n, null)).toBe("appended");
  database.letGo();
  expect(await Promise.all(blocked)).toEqual(["appended", "appended", "appended"]);
});

test("reads of a held chain go on in their order once it is let go", async () => {
  const database = databaseWith(new Set(["b"]));
  const appender = new ReadAppender(database.query, nothingIsLost);
  const reads = [appender.append(of("b"), EVENT, 1n, null)];
  await appender.append(of("a"), EVENT, 1n, null);
  reads.push(appender.append(of("b"), EVENT, 1n, null), appender.append(of("b"), EVENT, 1n, null));
  database.letGo();
  expect(await Promise.all(reads)).toEqual(["appended", "appended", "appended"]);
});

test("of a batch whose earliest deadline has passed, those whose it was are told, and the others share one more commit", async () => {
  const past = new Date(1_000);
  const later = new Date(2_000);
  const database = databaseWith(new Set());
  const real = database.query;
  const query = (async (sql: string, params: readonly unknown[]) => {
    const deadline = params[7] as Date | null;
    if (deadline?.getTime() === past.getTime()) return rowsOf(["deadline"]);
    return real(sql, params);
  }) as Query;
  const appender = new ReadAppender(query, nothingIsLost);
  const reads = [past, null, later, past, null].map((deadline) =>
    appender.append(of("a"), EVENT, 1n, deadline),
  );
  expect(await Promise.all(reads)).toEqual(["deadline", "appended", "appended", "deadline", "appended"]);
  expect(database.asked).toHaveLength(1);
});

test("a database that fails tells every reader of the batch, and the next reads try anew", async () => {
  let broken = true;
  const database = databaseWith(new Set());
  const query = ((sql: string, params: readonly unknown[]) =>
    broken ? Promise.reject(new Error("gone")) : database.query(sql, params)) as Query;
  const appender = new ReadAppender(query, nothingIsLost);
  const reads = ["a", "a", "b"].map((chain) => appender.append(of(chain), EVENT, 1n, null));
  for (const read of await Promise.allSettled(reads))
    expect(read).toMatchObject({ status: "rejected", reason: { code: "audit_unavailable" } });
  broken = false;
  expect(await appender.append(of("a"), EVENT, 1n, null)).toBe("appended");
});

const lost = () => Promise.reject(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }));

test("a commit of many tenants that was lost: each one's batch is looked for by its id, and appended where it is not there", async () => {
  const asked: string[] = [];
  const database = databaseWith(new Set(), (chain) => (chain === "c" ? "epoch" : "appended"));
  const query = ((sql: string, params: readonly unknown[]) =>
    chainsOf(params).length > 1 ? lost() : database.query(sql, params)) as Query;
  const appender = new ReadAppender(query, async (chain, batch, otherwise) => {
    asked.push(batch);
    return chain === of("a") ? "appended" : otherwise(query);
  });
  const reads = ["a", "b", "c"].map((chain) => appender.append(of(chain), EVENT, 1n, null));
  expect(await Promise.all(reads)).toEqual(["appended", "appended", "epoch"]);
  expect(database.asked.map(({ chains }) => chains)).toEqual([["b"], ["c"]]);
  expect(new Set(asked).size).toBe(3);
});

test("where the database stays away after a lost commit, few looks are tried for all, and every reader is told", async () => {
  let looks = 0;
  const appender = new ReadAppender(lost as Query, () => {
    looks++;
    return lost();
  });
  const reads = ["a", "b", "c", "d", "e"].map((chain) => appender.append(of(chain), EVENT, 1n, null));
  for (const read of await Promise.allSettled(reads))
    expect(read).toMatchObject({ status: "rejected", reason: { code: "database_unavailable" } });
  // As many as may be on their way at once.
  expect(looks).toBe(2);
});

test("of a crowd that comes back unequal, batches become equal, and nobody is passed by", async () => {
  const sizes: number[] = [];
  let answer = () => {};
  const query = ((_sql: string, params: readonly unknown[]) => {
    sizes.push(params[2] as number);
    return new Promise((resolve) => {
      answer = () => resolve(rowsOf(["appended"]) as never);
    });
  }) as Query;
  const appender = new ReadAppender(query, nothingIsLost);
  const told: number[] = [];
  let asked = 0;
  const come = (readers: number) => {
    for (let i = 0; i < readers; i++) {
      const number = asked++;
      void appender.append(of("a"), EVENT, 1n, null).then(() => told.push(number));
    }
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  /** The database answers, and they come back whom it is told to. */
  const round = async () => {
    const before = told.length;
    answer();
    while (told.length === before) await turn();
    await turn();
    come(told.length - before);
  };
  come(96);
  await turn();
  come(32);
  for (let i = 0; i < 4; i++) await round();
  expect(sizes).toEqual([96, 32, 64, 64, 64]);
  expect(told).toEqual(told.toSorted((a, b) => a - b));

  // Few that wait go together, whatever went before them.
  sizes.length = 0;
  const few = new ReadAppender(query, nothingIsLost);
  const wait = (readers: number) =>
    Array.from({ length: readers }, () => few.append(of("b"), EVENT, 1n, null));
  const first = wait(1);
  await turn();
  const rest = wait(32);
  answer();
  await first[0];
  expect(sizes).toEqual([1, 32]);
  answer();
  await Promise.all(rest);
});

test("those of whom nobody comes back, since nothing was appended, split no crowd", async () => {
  const sizes: number[] = [];
  let answer = (_outcome: AppendOutcome) => {};
  const query = ((_sql: string, params: readonly unknown[]) => {
    sizes.push(params[2] as number);
    return new Promise((resolve) => {
      answer = (outcome) => resolve(rowsOf([outcome]) as never);
    });
  }) as Query;
  const appender = new ReadAppender(query, nothingIsLost);
  const stale = Array.from({ length: 40 }, () => appender.append(of("a"), EVENT, 1n, null));
  await new Promise((resolve) => setImmediate(resolve));
  const fresh = Array.from({ length: 100 }, () => appender.append(of("a"), EVENT, 2n, null));
  answer("epoch");
  expect(new Set(await Promise.all(stale))).toEqual(new Set(["epoch"]));
  answer("appended");
  await Promise.all(fresh);
  expect(sizes).toEqual([40, 100]);
});

test("what a tenant's batch by itself says of its chain's end is passed on when it is next written with others", async () => {
  const database = databaseWith(new Set());
  const known: bigint[] = [];
  const query = ((sql: string, params: readonly unknown[]) => {
    const numbers = params[9] as Buffer | undefined;
    if (numbers !== undefined) for (const at of [24, 36]) known.push(numbers.readBigInt64BE(at));
    return database.query(sql, params);
  }) as Query;
  const appender = new ReadAppender(query, nothingIsLost);
  await appender.append(of("a"), EVENT, 1n, null);
  await Promise.all(["a", "b"].map((chain) => appender.append(of(chain), EVENT, 1n, null)));
  expect(known).toEqual([7n, 2n ** 63n - 1n]);
});
