import { randomBytes } from "node:crypto";
import { localRootKey, type RootKeyProvider } from "@keyfold/envelope";
import pg from "pg";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { KeyfoldServer } from "../server.ts";
import { type Caller, callerOf, type House, openHouse } from "../testing/house.ts";
import { toItsEnd } from "../testing/keys.ts";
import { refusalOf } from "../testing/refusal.ts";
import { until } from "../testing/until.ts";

let house: House;
const opened: KeyfoldServer[] = [];
beforeEach(async () => {
  house = await openHouse();
});
afterEach(async () => {
  for (const server of opened.splice(0)) await server.close();
  await house.close();
});

const open = async (options: Parameters<House["another"]>[0]) => {
  const server = await house.another(options);
  opened.push(server);
  return server;
};
const processesOf = async (caller: Caller) => (await caller.keys.status({})).processes;

/** A house whose root key was rotated and verified; an operator at a process with both keys, the new one current. */
async function rotated() {
  await house.tenant("acme");
  const next = localRootKey(randomBytes(32));
  const [oldId, newId] = [(await house.provider.current()).id, (await next.current()).id];
  const both = await open({ provider: next, others: [house.provider], process: { name: "retiring" } });
  const operator = callerOf(both, house.operatorToken);
  await toItsEnd(() => operator.keys.rotate({}));
  await toItsEnd(() => operator.keys.verify({}));
  return { next, oldId, newId, operator, retire: () => operator.keys.retire({ opener: oldId }) };
}

test("a process is listed with its release, region and the ids of the root keys it holds, until it is closed", async () => {
  const other = localRootKey(randomBytes(32));
  const server = await open({
    others: [other],
    process: { name: "web-1", version: "1.2.3", region: "eu", runsJobs: true },
  });
  const operator = house.as(house.operatorToken);
  expect(await processesOf(operator)).toEqual([
    {
      id: expect.any(String),
      name: "web-1",
      version: "1.2.3",
      region: "eu",
      currentKey: (await house.provider.current()).id,
      otherKeys: [(await other.current()).id],
      runsJobs: true,
      startedAt: expect.any(String),
      seenAt: expect.any(String),
    },
  ]);
  await server.close();
  expect(await processesOf(operator)).toEqual([]);
});

test("a host that says nothing of itself is listed all the same, by its host and process", async () => {
  await open({ process: {} });
  const [one] = await processesOf(house.as(house.operatorToken));
  expect(one).toMatchObject({ version: "unknown", region: null, runsJobs: false });
  expect(one!.name).toMatch(new RegExp(`/${process.pid}$`));
});

test("a process that crashed is gone after two minutes by the database's clock, and forgotten after a day", async () => {
  await open({ process: { name: "crashed" } });
  const operator = house.as(house.operatorToken);
  await house.moveClock("119 seconds");
  expect((await processesOf(operator)).map(({ name }) => name)).toEqual(["crashed"]);
  await house.moveClock("121 seconds");
  expect(await processesOf(operator)).toEqual([]);
  await house.moveClock("25 hours");
  await open({ process: { name: "new" } });
  expect(await house.sql("SELECT name FROM control_plane.processes")).toEqual([{ name: "new" }]);
});

test("a root key is not retired while a process that runs has it as its current one; the refusal names that process", async () => {
  const { oldId, newId, retire } = await rotated();
  const late = await open({ process: { name: "late-1" } });
  await open({ process: { name: "late-2" } });
  const refused = await refusalOf(retire());
  expect(refused.code).toBe("illegal_state");
  expect(refused.message).toMatch(
    new RegExp(
      `^The process late-1 \\(and 1 more\\), last seen at \\d{4}-\\d\\d-\\d\\dT.*Z, still has ${oldId} as its root key\\. Start it with the new one, or stop it`,
    ),
  );
  await late.close();
  await house.moveClock("3 minutes"); // and late-2 crashed
  expect(await toItsEnd(retire)).toMatchObject({ state: "done" });
  const { rootKeys } = await callerOf(opened[0]!, house.operatorToken).keys.status({});
  expect(rootKeys.find(({ id }) => id === oldId)!.retiredAt).not.toBeNull();
  expect(newId).not.toBe(oldId);
});

test("a process that holds the root key only to open with is not in the way, the one that retires it least of all", async () => {
  const { next, retire } = await rotated();
  await open({ provider: next, others: [house.provider], process: { name: "peer" } });
  expect(await toItsEnd(retire)).toMatchObject({ state: "done" });
});

test("a process that starts with the old root key while it is being retired holds up the end of it", async () => {
  const { oldId, operator, retire } = await rotated();
  expect(await operator.keys.retire({ opener: oldId, forSeconds: 0, perSecond: 1 })).toMatchObject({
    state: "running",
  });
  await open({ process: { name: "late" } });
  expect((await refusalOf(retire())).message).toContain("The process late, last seen at");
  const [root] = await house.sql<{ retired_at: Date | null }>(
    "SELECT retired_at FROM control_plane.root_keys WHERE id = $1",
    [oldId],
  );
  expect(root!.retired_at).toBeNull();
});

test("a process reports itself again and again, with the root keys that it holds at that moment", async () => {
  const [first, second] = [localRootKey(randomBytes(32)), localRootKey(randomBytes(32))];
  let current = first;
  let away = false;
  // A key service that moves on to its next key.
  const moving: RootKeyProvider = {
    kind: "local",
    current: () => (away ? Promise.reject(new Error("away")) : current.current()),
    wrap: (...args) => current.wrap(...args),
    unwrap: (...args) => current.unwrap(...args),
    health: () => current.health(),
  };
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  try {
    await open({ provider: moving, others: [house.provider], process: { name: "moving" } });
    const operator = house.as(house.operatorToken);
    const keys = async () => (await processesOf(operator))[0]!.currentKey;
    const [firstId, secondId] = [(await first.current()).id, (await second.current()).id];
    expect(await keys()).toBe(firstId);
    current = second;
    await house.moveClock("100 seconds");
    vi.advanceTimersByTime(30_000);
    while ((await keys()) !== secondId);
    away = true;
    await house.moveClock("200 seconds");
    vi.advanceTimersByTime(30_000);
    const seen = async () => Date.parse((await processesOf(operator))[0]?.seenAt ?? "") - Date.now();
    while (!((await seen()) > 150_000));
    await house.moveClock("300 seconds");
    expect(await keys()).toBe(secondId); // what it held when its key service was last there
  } finally {
    vi.useRealTimers();
  }
});

test("a process that is closed while it reports itself is off the list, and stays off", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  // Whatever reports waits here, and whoever takes a process off the list does not.
  await house.sql(`CREATE FUNCTION public.wait_here() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NEW; END'`);
  const server = await house.another({ process: { name: "closing" } });
  await house.sql(
    "CREATE TRIGGER waits BEFORE INSERT ON control_plane.processes FOR EACH ROW EXECUTE FUNCTION public.wait_here()",
  );
  const holder = new pg.Client({ connectionString: house.database.superuserUrl });
  await holder.connect();
  const many = async (sql: string) => (await holder.query(sql)).rowCount;
  try {
    await holder.query("SELECT pg_advisory_lock(42)");
    vi.advanceTimersByTime(25_000);
    const waits = `SELECT FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'advisory'`;
    await until(async () => (await many(waits)) === 1);
    const closed = server.close();
    // Time enough to be taken off the list, where that does not wait for the report.
    for (let asked = 0; asked < 50; asked++) await house.sql("SELECT FROM control_plane.processes");
    await holder.query("SELECT pg_advisory_unlock(42)");
    await closed;
    const atWork = `SELECT FROM pg_stat_activity
      WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()`;
    await until(async () => (await many(atWork)) === 0);
    expect(await house.sql("SELECT name FROM control_plane.processes")).toEqual([]);
  } finally {
    vi.useRealTimers();
    await holder.end();
  }
});
