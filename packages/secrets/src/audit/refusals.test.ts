import { afterAll, beforeAll, expect, test } from "vitest";
import { requestInfo } from "../router/context.ts";
import { verbs } from "../router/verbs.ts";
import { type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";

let house: House;
let steady = 1_000_000;
beforeAll(async () => {
  house = await openHouse({ refusals: { everyMs: null, steady: () => steady } });
});
afterAll(async () => {
  await house.verify().finally(() => house.close());
});

test("a known caller's refusals are told one by one, and beyond twenty a minute counted in one event", async () => {
  const { caller } = await house.tenant("counted");
  const { token, details } = await caller.tokens.create({ name: "t", preset: "reader" });
  const refuse = (name: string) => codeOf(house.as(token).secrets.create({ name, value: "x" }));
  for (let n = 0; n < 50; n++) expect(await refuse(`S-${n}`)).toBe("forbidden");
  // Another caller, and another kind of refusal, are counted by themselves.
  expect(await codeOf(house.as(token).secrets.reveal({ name: "NONE" }))).toBe("not_found");
  const events = async () =>
    (await caller.audit.list({ action: "secret.created", outcome: "denied", limit: 100 })).events;
  expect((await events()).length).toBe(20);
  await house.server.flush();
  const [counted, ...single] = await events();
  expect(single.length).toBe(20);
  expect(counted).toMatchObject({
    actor: { id: details.id },
    target: null,
    details: { code: "forbidden", count: 30 },
  });
  expect(single.every((e) => e.details.count === undefined && e.target?.name?.startsWith("S-"))).toBe(true);
  // A minute later they stand there one by one again.
  steady += 61_000;
  await refuse("LATER");
  expect((await events())[0]?.target?.name).toBe("LATER");
  await house.server.flush();
  expect((await events()).length).toBe(22);
});

test("strangers' calls are aggregated in the deployment's chain, and stand in no tenant's", async () => {
  await house.server.flush();
  const operator = house.as(house.operatorToken);
  const told = async () =>
    (await operator.audit.list({ deployment: true, action: "caller.refused" })).events.map((e) => [
      e.actor.type,
      e.ip,
      e.outcome,
      e.details,
    ]);
  const before = await told();
  for (let n = 0; n < 30; n++) house.server.noteStranger("192.0.2.1");
  for (let n = 0; n < 10; n++) house.server.noteStranger(`198.51.100.${n}`);
  house.server.noteStranger(null);
  expect(await told()).toEqual(before);
  await house.server.flush();
  const after = await told();
  expect(after.length).toBe(before.length + 1);
  expect(after[0]).toEqual([
    "anonymous",
    "192.0.2.1",
    "denied",
    { count: 41, addresses: 12, mostFromOne: 30, seconds: 1 },
  ]);
  await house.server.flush();
  expect((await told()).length).toBe(after.length);
});

test("what could not be written is counted on, and written once there is room again", async () => {
  const { caller, id } = await house.tenant("later");
  const { token } = await caller.tokens.create({ name: "t", preset: "reader" });
  const request = requestInfo({ token });
  const refuse = () => codeOf(house.server.invoke(verbs.secrets.create, request, { name: "S", value: "x" }));
  for (let n = 0; n < 25; n++) await refuse();
  await house.sql(`CREATE FUNCTION public.no_audit() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER no_audit BEFORE INSERT ON control_plane.audit_batches FOR EACH ROW EXECUTE FUNCTION public.no_audit()`);
  await house.server.flush();
  expect(await refuse()).toBe("forbidden"); // and not an error of the log's
  await house.sql("DROP TRIGGER no_audit ON control_plane.audit_batches; DROP FUNCTION public.no_audit()");
  await house.server.flush();
  const rows = (await caller.audit.list({ outcome: "denied", limit: 100 })).events;
  expect(rows.filter((e) => e.details.count !== undefined).map((e) => e.details.count)).toEqual([6]);
  expect(id).not.toBe("");
});
