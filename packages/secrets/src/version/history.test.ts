import { randomBytes } from "node:crypto";
import { localRootKey, type RootKeyProvider } from "@keyfold/envelope";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Caller, callerOf, type House, openHouse } from "../testing/house.ts";
import { keyfoldError } from "../testing/refusal.ts";

/*
 * A history checker: rotations, reads by name and by number, deletes, restores, graces that are ended and a root key's
 * rotation, all at once, over three processes, while the clock is moved and the sweep runs. Each call is noted with when it began and ended; afterwards every read is held
 * against what was true at some moment in between. The long form: KEYFOLD_HISTORY_ROUNDS=50 (package.json, "test:history").
 */
const ROUNDS = Number(process.env.KEYFOLD_HISTORY_ROUNDS ?? 1);

let house: House;
/** The root keys that there are: each round rotates to another. */
const held: RootKeyProvider[] = [];
beforeAll(async () => {
  house = await openHouse();
  held.push(house.provider);
});
afterEach(() => house.moveClock("0"));
afterAll(() => house.verify().finally(() => house.close()));

/** Milliseconds that only grow, in one process: the order that everybody here agrees on. */
const now = () => performance.now();
interface Span {
  from: number;
  to: number;
}
interface Write extends Span {
  version: number;
  value: string;
}
interface Read extends Span {
  /** null: the current one was asked for. */
  asked: number | null;
  version: number;
  value: string;
}

/** Runs a call; what is refused by name answers its code. */
async function timed<T>(call: () => Promise<T>): Promise<Span & { done: T | null; code: string | null }> {
  const from = now();
  try {
    const done = await call();
    return { from, to: now(), done, code: null };
  } catch (error) {
    return { from, to: now(), done: null, code: keyfoldError(error).code };
  }
}

/** Codes that the race between these calls can rightly end with. */
const RIGHTLY = new Set([
  "not_found",
  "name_taken",
  "illegal_state",
  "version_expired",
  "version_destroyed",
  "conflict",
  "busy",
  "database_slow",
]);

test("no read finds a value that was never current, is not its version's, or had ended", {
  timeout: 60_000 + ROUNDS * 60_000,
}, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const { caller } = await house.tenant(`history-${round}`);
    const { token } = await caller.tokens.create({ name: "other", preset: "admin" });
    const other = callerOf(await house.another(), token);
    const provider = localRootKey(randomBytes(32));
    const next = callerOf(await house.another({ provider, others: held }), house.operatorToken);
    held.push(provider);
    const { id } = await caller.secrets.create({ name: "K", value: "value 0", graceSeconds: 60 });
    const writes: Write[] = [{ version: 1, value: "value 0", from: now(), to: now() }];
    const ends: (Span & { version: number })[] = [];
    const deletions: Span[] = [];
    const restores: Span[] = [];
    const reads: Read[] = [];
    const wrong: string[] = [];
    const note = ({ code }: { code: string | null }) => {
      if (code !== null && !RIGHTLY.has(code)) wrong.push(code);
    };
    let highest = 1;
    const callers: Caller[] = [caller, other];
    const many = (count: number, work: (i: number, by: Caller) => Promise<void>) =>
      (async () => {
        for (let i = 0; i < count; i++) await work(i, callers[i % 2]!);
      })();

    await Promise.all([
      ...[0, 1].map((w) =>
        many(20, async (i, by) => {
          const value = `value ${w}-${i}`;
          const span = await timed(() => by.secrets.rotate({ id, value }));
          note(span);
          if (span.done === null) return;
          const version = span.done.secret.version!;
          writes.push({ ...span, version, value });
          highest = Math.max(highest, version);
        }),
      ),
      ...[0, 1, 2].map((r) =>
        many(60, async (i, by) => {
          const asked = (i + r) % 3 === 0 ? Math.max(1, highest - (i % 4)) : null;
          const span = await timed(() =>
            asked === null ? by.secrets.reveal({ id }) : by.versions.reveal({ id, version: asked }),
          );
          note(span);
          if (span.done !== null)
            reads.push({ ...span, asked, version: span.done.version, value: span.done.value });
        }),
      ),
      many(12, async (_, by) => {
        const version = Math.max(1, highest - 2);
        const span = await timed(() => by.versions.endGrace({ id, version, reason: "r", force: true }));
        note(span);
        if (span.done !== null) ends.push({ ...span, version });
      }),
      many(6, async (_, by) => {
        const gone = await timed(() => by.secrets.delete({ id, reason: "r", force: true }));
        note(gone);
        if (gone.done !== null) deletions.push(gone);
        const back = await timed(() => by.secrets.restore({ id }));
        note(back);
        if (back.done !== null) restores.push(back);
      }),
      many(3, async () => {
        note(await timed(() => next.keys.rotate({})));
        note(await timed(() => next.keys.verify({})));
      }),
      many(6, async (i) => {
        // An hour on, an hour back: what has ended by time, and was settled, does not come back.
        await house.moveClock(["1 hour", "0", "-1 hour"][i % 3]!);
        await house.server.jobs.find((job) => job.name === "graces.settle")!.run();
        const listed = await timed(() => caller.versions.list({ id, limit: 500 }));
        for (const { version, state } of listed.done?.versions ?? [])
          if (state === "destroyed") ends.push({ ...listed, version });
      }),
    ]);

    expect(wrong).toEqual([]);
    expect(reads.length).toBeGreaterThan(20);
    // Numbers have no gap, none is given twice, and no acknowledged value is lost.
    const numbers = writes.map(({ version }) => version).sort((a, b) => a - b);
    expect(numbers).toEqual(numbers.map((_, i) => i + 1));
    const { versions } = await caller.versions.list({ id, limit: 500 });
    expect(versions.map(({ version }) => version)).toEqual([...numbers].reverse());
    expect(versions.filter(({ state }) => state === "current")).toHaveLength(1);
    expect((await caller.secrets.reveal({ id })).value).toBe(
      writes.find((w) => w.version === numbers.at(-1))!.value,
    );

    const byVersion = new Map(writes.map((write) => [write.version, write]));
    for (const read of reads) {
      const what = JSON.stringify(read);
      const write = byVersion.get(read.version)!;
      // It is its version's value, and was not read before it was written.
      expect(read.value, what).toBe(write.value);
      expect(read.to, what).toBeGreaterThanOrEqual(write.from);
      if (read.asked !== null) expect(read.version, what).toBe(read.asked);
      // The current one: no newer version was done before the read began.
      else
        for (const newer of writes)
          if (newer.version > read.version) expect(newer.to, what).toBeGreaterThan(read.from);
      // It had not ended before the read began.
      for (const end of ends)
        if (end.version === read.version) expect(end.to, what).toBeGreaterThan(read.from);
      // It was not read wholly between a deletion and the beginning of the restore after it.
      for (const deletion of deletions) {
        const back = restores.find((restore) => restore.from >= deletion.to);
        const inside = read.from > deletion.to && read.to < (back?.from ?? Number.POSITIVE_INFINITY);
        expect(inside, what).toBe(false);
      }
    }
  }
});

test("200 rotations at once: contiguous numbers, one current, no acknowledged value lost", {
  timeout: 60_000 + ROUNDS * 60_000,
}, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const { caller } = await house.tenant(`parallel-${round}`);
    const { id } = await caller.secrets.create({ name: "K", value: "value 0" });
    const acknowledged = new Map<number, string>();
    await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        // Busy or slow is a name for "nothing was done": then it is done again.
        for (;;) {
          const { done, code } = await timed(() => caller.secrets.rotate({ id, value: `value ${i + 1}` }));
          if (done !== null) return void acknowledged.set(done.secret.version!, `value ${i + 1}`);
          expect(["busy", "conflict", "database_slow", "database_unavailable"]).toContain(code);
        }
      }),
    );
    const numbers = [...acknowledged.keys()].sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 200 }, (_, i) => i + 2));
    const { versions } = await caller.versions.list({ id, limit: 500 });
    expect(versions.filter(({ state }) => state === "current").map(({ version }) => version)).toEqual([201]);
    for (const version of [2, 57, 133, 200])
      expect((await caller.versions.reveal({ id, version })).value).toBe(acknowledged.get(version));
  }
});

test("the database gone in the middle: what was acknowledged is there, what was not is whole or absent", {
  timeout: 120_000,
}, async () => {
  const { caller } = await house.tenant("outage");
  const { id } = await caller.secrets.create({ name: "K", value: "value 0" });
  const acknowledged = new Map<number, string>();
  let cuts = 0;
  await Promise.all([
    ...Array.from({ length: 4 }, async (_, w) => {
      for (let i = 0; i < 12; i++) {
        const value = `value ${w}-${i}`;
        const { done, code } = await timed(() => caller.secrets.rotate({ id, value }));
        if (done !== null) acknowledged.set(done.secret.version!, value);
        else expect(["database_unavailable", "conflict", "audit_unavailable"]).toContain(code);
      }
    }),
    (async () => {
      for (; cuts < 6; cuts++)
        await house.sql(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name <> 'superuser'",
          [house.database.name],
        );
    })(),
  ]);
  const { versions } = await caller.versions.list({ id, limit: 500 });
  expect(versions.map(({ version }) => version)).toEqual(versions.map((_, i) => versions.length - i));
  expect(versions.filter(({ state }) => state === "current").map(({ version }) => version)).toEqual([
    versions.length,
  ]);
  expect(acknowledged.size).toBeGreaterThan(0);
  for (const [version, value] of acknowledged)
    expect((await caller.versions.reveal({ id, version })).value).toBe(value);
});
