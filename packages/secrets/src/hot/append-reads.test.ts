import { randomUUID } from "node:crypto";
import { encodeBodies, leafHash, merkleRoot } from "@keyfold/ledger";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type House, openHouse } from "../testing/house.ts";

/* What the database says of chains' reads, of many in one statement and of one by itself: as append_events() judges them. */

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(async () => {
  await house.moveClock("0");
  await house.close();
});

interface Asked {
  chain: string;
  epoch: bigint;
  deadline?: Date | null;
  /** A batch's number from which on the last one is looked for. */
  known?: number;
}

const NINE =
  "$1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::int[], $6::bytea, $7::bigint[], $8::timestamptz[], $9";

const EVENTS = [Buffer.from("one event"), Buffer.from("another")];
const LEAVES = EVENTS.map(leafHash);
const ROOT = merkleRoot(LEAVES);

/** As the application's role asks, each chain with two events. @returns the numbers of the new batches, or why there is none */
async function append(asked: readonly Asked[], wait = false, before = false): Promise<string[]> {
  const bytes = Buffer.concat([ROOT, ...LEAVES, encodeBodies(EVENTS)]);
  const { rows } = await house.db.pool.query<{ outcomes: string[] }>(
    `SELECT control_plane.append_read_batches(${before ? NINE : `${NINE}, $10::bigint[]`}) AS outcomes`,
    [
      asked.map(({ chain }) => chain),
      asked.map(() => randomUUID()),
      asked.map(() => 2),
      asked.map((_, i) => i * bytes.length),
      asked.map((_, i) => (i + 1) * bytes.length),
      Buffer.concat(asked.map(() => bytes)),
      asked.map(({ epoch }) => epoch.toString()),
      asked.map(({ deadline }) => deadline ?? null),
      wait,
      ...(before ? [] : [asked.map(({ known }) => known ?? null)]),
    ],
  );
  return rows[0]!.outcomes;
}

/** The same, each chain by a statement of its own. */
async function appendEach(asked: readonly Asked[], wait = false): Promise<string[]> {
  const outcomes: string[] = [];
  for (const { chain, epoch, deadline } of asked) {
    const { rows } = await house.db.pool.query<{ outcome: string }>(
      `SELECT control_plane.append_read_batch($1::uuid, $2::uuid, 2, $3::bytea, $4::bytea, $5::bytea, $6::bigint,
                                              $7::timestamptz, $8) AS outcome`,
      [
        chain,
        randomUUID(),
        ROOT,
        Buffer.concat(LEAVES),
        encodeBodies(EVENTS),
        epoch.toString(),
        deadline ?? null,
        wait,
      ],
    );
    outcomes.push(rows[0]!.outcome);
  }
  return outcomes;
}

const epochOf = async (chain: string): Promise<bigint> => {
  const [row] = await house.sql<{ epoch: string }>("SELECT control_plane.epoch_of($1) AS epoch", [chain]);
  return BigInt(row!.epoch);
};
const headOf = async (chain: string) => {
  const [row] = await house.sql<{ number: string; events: number }>(
    "SELECT max(number) AS number, sum(count)::int AS events FROM control_plane.audit_batches WHERE chain_id = $1",
    [chain],
  );
  return { number: Number(row!.number), events: row!.events ?? 0 };
};

describe.each([
  { how: "of many chains in one statement", way: "many", appendReads: append },
  { how: "of each chain by itself", way: "each", appendReads: appendEach },
])("reads $how", ({ way, appendReads }) => {
  test("each is appended, held, stale, too late or gone by itself", async () => {
    const slugs = [
      `judged-a-${way}`,
      `judged-b-${way}`,
      `judged-stale-${way}`,
      `judged-late-${way}`,
      `judged-early-${way}`,
      `judged-held-${way}`,
      `judged-gone-${way}`,
    ];
    const ids: string[] = [];
    for (const slug of slugs) ids.push((await house.tenant(slug)).id);
    const [, , , , , held, gone] = ids as [string, string, string, string, string, string, string];
    const operator = house.as(house.operatorToken);
    await operator.tenants.delete({ tenant: `judged-gone-${way}` });
    await operator.tenants.purge({ tenant: gone, confirm: `judged-gone-${way}` });
    const before = new Map<string, Awaited<ReturnType<typeof headOf>>>();
    for (const id of ids) before.set(id, await headOf(id));
    const epochs = await Promise.all(ids.map(epochOf));
    const hour = 3_600_000;
    const asked = ids.map((chain, i) => ({
      chain,
      epoch: epochs[i]! - (slugs[i] === `judged-stale-${way}` ? 1n : 0n),
      deadline:
        slugs[i] === `judged-late-${way}`
          ? new Date(Date.now() - hour)
          : slugs[i] === `judged-early-${way}`
            ? new Date(Date.now() + hour)
            : null,
    }));
    const holder = new pg.Client({ connectionString: house.database.superuserUrl });
    await holder.connect();
    await holder.query("SELECT pg_advisory_lock(hashtextextended($1::uuid::text, 7))", [held]);
    try {
      const next = ids.map((id) => String(before.get(id)!.number + 1));
      expect(await appendReads(asked)).toEqual([
        next[0],
        next[1],
        "epoch",
        "deadline",
        next[4],
        "held",
        "gone",
      ]);
    } finally {
      await holder.end();
    }
    for (const [i, id] of ids.entries()) {
      const appended = [`judged-a-${way}`, `judged-b-${way}`, `judged-early-${way}`].includes(slugs[i]!);
      const was = before.get(id)!;
      expect(await headOf(id)).toEqual(appended ? { number: was.number + 1, events: was.events + 2 } : was);
      expect(await epochOf(id)).toBe(epochs[i]);
    }
    expect(await appendReads([{ chain: held, epoch: await epochOf(held) }], true)).toEqual([
      String(before.get(held)!.number + 1),
    ]);
    await house.verify();
  });

  test("the first batch of a chain begins where that chain begins, and the deadline is the database's clock", async () => {
    const { id } = await house.tenant(`judged-first-${way}`);
    await house.tamper("DELETE FROM control_plane.audit_batches WHERE chain_id = $1", [id]);
    expect(await appendReads([{ chain: id, epoch: 0n, deadline: new Date(Date.now() + 60_000) }])).toEqual([
      "1",
    ]);
    await house.moveClock("2 minutes");
    expect(await appendReads([{ chain: id, epoch: 0n, deadline: new Date(Date.now() + 60_000) }])).toEqual([
      "deadline",
    ]);
    await house.moveClock("0");
    await house.verify();
  });

  test("in a region that the deployment spread to, reads go to that region's own chain", async () => {
    const { id } = await house.tenant(`judged-region-${way}`);
    const was = await headOf(id);
    await house.sql("INSERT INTO control_plane.region VALUES ('us', false, now())");
    const [region] = await house.sql<{ chain: string }>("SELECT control_plane.chain_of($1) AS chain", [id]);
    expect(await appendReads([{ chain: id, epoch: 0n }])).toEqual(["1"]);
    expect(await headOf(region!.chain)).toEqual({ number: 1, events: 2 });
    expect(await headOf(id)).toEqual(was);
    await house.tamper("DELETE FROM control_plane.region");
    await house.verify();
  });
});

test("the number that a caller knows is a hint: one that is too old, too new, or lost with a failover changes nothing", async () => {
  const { id } = await house.tenant("judged-known");
  const epoch = await epochOf(id);
  const { number } = await headOf(id);
  const hints = [0, 1, number - 1, number, number + 1, number + 1_000, 2 ** 53];
  for (const [i, known] of hints.entries())
    expect(await append([{ chain: id, epoch, known: known + (known < number ? 0 : i) }])).toEqual([
      String(number + 1 + i),
    ]);
  for (const known of hints)
    expect(await append([{ chain: id, epoch: epoch - 1n, known }])).toEqual(["epoch"]);
  await house.verify();
});

test("a process of the version before, which knows no numbers, is told as it was", async () => {
  const { id } = await house.tenant("judged-before");
  const epoch = await epochOf(id);
  const asked = [{ chain: id, epoch }];
  expect(await append(asked, false, true)).toEqual(["appended"]);
  expect(await append([{ chain: id, epoch: epoch - 1n }], true, true)).toEqual(["epoch"]);
  await house.verify();
});
