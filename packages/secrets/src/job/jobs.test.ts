import { randomBytes } from "node:crypto";
import { localRootKey } from "@keyfold/envelope";
import { decodeBodies, decodeEvent } from "@keyfold/ledger";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ACTIONS } from "../access/actions.ts";
import { KeyfoldError } from "../error.ts";
import { requestInfo } from "../router/context.ts";
import type { KeyfoldServer } from "../server.ts";
import { callerOf, type House, openHouse } from "../testing/house.ts";
import { refusalOf } from "../testing/refusal.ts";
import { defineJob } from "./define.ts";
import { jobs } from "./jobs.ts";

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.verify().finally(() => house.close()));

const run = (name: string, server: KeyfoldServer = house.server) =>
  server.jobs.find((job) => job.name === name)!.run();

async function count(table: string): Promise<number> {
  const [row] = await house.sql<{ n: number }>(`SELECT count(*)::int AS n FROM control_plane.${table}`);
  return row!.n;
}

test("a job may do nothing but what operators may, who reveal nothing", () => {
  expect(jobs.map(({ name }) => name)).toEqual([...new Set(jobs.map(({ name }) => name))]);
  for (const { actions } of jobs)
    for (const action of actions) expect([action, ACTIONS[action].operator]).toEqual([action, true]);
});

test("a job that reaches for a verb which its definition does not name is refused, and the log tells which job", async () => {
  const verbs = (await import("../router/verbs.ts")).verbs;
  for (const actions of [[], ["secret.reveal"]] as const) {
    const curious = defineJob({
      name: "test.curious",
      everySeconds: 60,
      actions,
      async run({ perform }) {
        await perform(verbs.secrets.reveal, { tenant: "acme", name: "KEY" });
        return "done";
      },
    });
    const server = await house.another({ jobs: [curious] });
    const refused = await refusalOf(server.jobs[0]!.run());
    expect(refused).toBeInstanceOf(KeyfoldError);
    expect(refused.code).toBe("forbidden");
    expect((await server.jobRuns())[0]).toMatchObject({ name: "test.curious", problem: "forbidden" });
  }
  expect(house.logged.join("\n")).toContain('"action":"test.curious"');
});

test("answers kept for repeated calls go after 24 hours, and not sooner", async () => {
  const { caller } = await house.tenant("acme");
  await caller.secrets.create({ name: "KEY", value: "not a real value", idempotencyKey: "first-call" });
  await house.moveClock("23 hours 59 minutes");
  await run("idempotency_keys.clean");
  expect(await count("idempotency_keys")).toBe(1);
  await house.moveClock("24 hours 1 minute");
  await run("idempotency_keys.clean");
  expect(await count("idempotency_keys")).toBe(0);
});

test("sessions that expired go, and one that was ended stays for as long as it would have lived", async () => {
  const { token } = await house.tenant("acme");
  await house.server.startSession(requestInfo({ token }));
  const { secret } = await house.server.startSession(requestInfo({ token }));
  await house.server.endSession(requestInfo({ session: secret }));
  await run("sessions.clean");
  expect(await count("sessions")).toBe(2);
  await house.moveClock("8 hours 1 minute");
  await run("sessions.clean");
  expect(await count("sessions")).toBe(0);
});

test("cleaning takes a thousand rows at a time until none is left", async () => {
  const { id } = await house.tenant("acme");
  await house.tamper(
    `INSERT INTO control_plane.idempotency_keys SELECT $1, sha256(int4send(i)), '\\x00', '{}', now() - interval '2 days' FROM generate_series(1, 2500) i`,
    [id],
  );
  await run("idempotency_keys.clean");
  expect(await count("idempotency_keys")).toBe(0);
});

test("a rotation that nobody drives any more is finished by the job, after a minute, as the job", async () => {
  for (const slug of ["one", "two", "three"]) await house.tenant(slug);
  const next = localRootKey(randomBytes(32));
  const server = await house.another({ provider: next, others: [house.provider] });
  const operator = callerOf(server, house.operatorToken);
  expect(await operator.keys.rotate({ forSeconds: 0, perSecond: 1 })).toMatchObject({ state: "running" });

  await run("key_jobs.continue", server);
  expect((await operator.keys.status({})).lacking).toBeGreaterThan(0); // whoever began it may be at it still

  await house.moveClock("61 seconds");
  await run("key_jobs.continue", house.server); // its root key is the old one: not its to do
  expect((await operator.keys.status({})).lacking).toBeGreaterThan(0);

  await run("key_jobs.continue", server);
  const status = await operator.keys.status({});
  expect(status.lacking).toBe(0);
  expect(status.jobs.find(({ kind }) => kind === "rotate")).toMatchObject({ state: "done" });
  const batches = await house.sql<{ bodies: Buffer }>(
    "SELECT bodies FROM control_plane.audit_batches WHERE bodies IS NOT NULL",
  );
  const events = batches.flatMap(({ bodies }) => decodeBodies(bodies).map(decodeEvent));
  expect(events.find(({ action }) => action === "key.rotation_finished")?.actor).toEqual({
    type: "job",
    id: "key_jobs.continue",
    name: "key_jobs.continue",
    via: "job",
  });
});

test("a verification that was left is finished too, and one that stopped for a passing reason is tried again after five minutes", async () => {
  await house.tenant("one");
  const operator = house.as(house.operatorToken);
  await operator.keys.verify({ forSeconds: 0 });
  await house.tamper(
    "UPDATE control_plane.key_jobs SET state = 'stopped', problem = 'key_unavailable', finished_at = NULL",
  );
  await house.moveClock("4 minutes");
  await run("key_jobs.continue");
  expect((await operator.keys.status({})).jobs[0]).toMatchObject({ kind: "verify", state: "stopped" });
  await house.moveClock("6 minutes");
  await run("key_jobs.continue");
  expect((await operator.keys.status({})).jobs[0]).toMatchObject({ kind: "verify", state: "done" });
  await house.tamper(
    "UPDATE control_plane.key_jobs SET state = 'stopped', problem = 'decryption_failed', finished_at = NULL",
  );
  await house.moveClock("1 hour");
  await run("key_jobs.continue");
  expect((await operator.keys.status({})).jobs[0]).toMatchObject({ kind: "verify", state: "stopped" });
});

test("a run that is told to stop ends between two parts, and the next one goes on", async () => {
  let parts = 0;
  const stopping = new AbortController();
  const endless = defineJob({
    name: "test.endless",
    everySeconds: 60,
    actions: [],
    async run({ again }) {
      expect(again).toBe(parts > 0);
      parts++;
      if (parts === 3) stopping.abort();
      return "more";
    },
  });
  const server = await house.another({ jobs: [endless] });
  await server.jobs[0]!.run(stopping.signal);
  expect(parts).toBe(3);
  expect((await server.jobRuns())[0]).toMatchObject({ finishedAt: null, overdue: false });
});

test("jobs that nobody runs are overdue, by the database's clock, and no longer once somebody does", async () => {
  expect((await house.server.jobRuns()).map(({ overdue }) => overdue)).toEqual(jobs.map(() => false));
  await house.moveClock("1 hour");
  expect((await house.server.jobRuns()).map(({ overdue }) => overdue)).toEqual(jobs.map(() => true));
  for (const job of house.server.jobs) await job.run();
  for (const view of await house.server.jobRuns())
    expect(view).toMatchObject({ overdue: false, problem: null, finishedAt: expect.any(Date) });
});

test("a re-encryption and a rotation of tenant keys that were left are finished, one after the other", async () => {
  const { caller, slug } = await house.tenant("one");
  await house.tenant("two");
  await caller.secrets.create({ name: "KEY", value: "not a real value" });
  const operator = house.as(house.operatorToken);
  const begin = { forSeconds: 0, perSecond: 1 };
  expect(await operator.keys.reEncrypt({ tenant: slug, ...begin })).toMatchObject({ state: "running" });
  expect(await operator.keys.rotateTenant(begin)).toMatchObject({ state: "running" });
  await house.moveClock("61 seconds");
  await run("key_jobs.continue");
  const { jobs: now } = await operator.keys.status({});
  expect(now.map(({ kind, state }) => [kind, state]).sort()).toEqual([
    ["re_encrypt", "done"],
    ["rotate_tenant", "done"],
  ]);
  expect((await caller.secrets.reveal({ name: "KEY" })).value).toBe("not a real value");
});
