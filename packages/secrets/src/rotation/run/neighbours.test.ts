import { afterEach, beforeEach, expect, test } from "vitest";
import { type Caller, type House, openHouse } from "../../testing/house.ts";
import { until } from "../../testing/until.ts";
import { FakeTarget } from "../testing/fake-target.ts";

let house: House;
let hanging: FakeTarget;
let well: FakeTarget;
beforeEach(async () => {
  [hanging, well] = [new FakeTarget(), new FakeTarget()];
  house = await openHouse({ rotators: [{ ...hanging.rotator(), kind: "hanging" }, well.rotator()] });
});
afterEach(() => house.verify().finally(() => house.close()));

const run = (name = "rotations.run") => house.server.jobs.find((job) => job.name === name)!.run();

async function secret(caller: Caller, kind: string, name = "K"): Promise<string> {
  const { id } = await caller.secrets.create({ name, value: `not-real-${name}`, graceSeconds: 0 });
  await caller.rotation.setPolicy({ id, schedule: { everyDays: 7 }, rotator: { kind } });
  return id;
}

test("a tenant whose target hangs, for twenty of its secrets, holds up its own rotations and nobody else's", async () => {
  const { caller: slow } = await house.tenant("slow");
  const { caller: other } = await house.tenant("other");
  for (let n = 0; n < 20; n++) {
    const id = await secret(slow, "hanging", `K${n}`);
    await slow.rotation.runNow({ id });
  }
  const id = await secret(other, "fake-target");
  await other.rotation.runNow({ id });
  let release = () => {};
  hanging.hold = new Promise((done) => {
    release = done;
  });
  const running = run();
  try {
    await until(async () => (await other.rotation.status({ id })).phase === "done");
    expect(hanging.holding).toBe(true);
  } finally {
    release();
    await running;
  }
});

test("of what is due each tenant's first comes first, however much another has", async () => {
  const { caller: many } = await house.tenant("many");
  const { id: last, caller: one } = await house.tenant("one");
  for (let n = 0; n < 6; n++) await secret(many, "fake-target", `K${n}`);
  await secret(one, "fake-target");
  await house.moveClock("8 days");
  const due = await house.sql<{ tenant_id: string; what: string }>(
    "SELECT * FROM control_plane.due_rotations(2)",
  );
  const begin = due.filter(({ what }) => what === "begin");
  expect([begin.length, begin.some(({ tenant_id }) => tenant_id === last)]).toEqual([2, true]);
});

test("ended rotations are forgotten after ninety days; each secret's last one stays, and what still opens or cleans up", async () => {
  const { caller } = await house.tenant("acme");
  const id = await secret(caller, "fake-target");
  const rows = async () =>
    (
      await house.sql<{ version: number }>(
        "SELECT version FROM control_plane.rotations WHERE secret_id = $1 ORDER BY version",
        [id],
      )
    ).map(({ version }) => version);
  for (let n = 0; n < 3; n++) {
    await caller.rotation.runNow({ id });
    await run();
  }
  await run("graces.settle");
  await run(); // what the old ones could open at the target ends
  expect(await rows()).toEqual([2, 3, 4]);
  await house.moveClock("89 days");
  await run("rotations.clean");
  expect(await rows()).toEqual([2, 3, 4]);
  // What it could open at the target is not ended yet: it is due for that, and stays.
  await house.tamper("UPDATE control_plane.rotations SET clean_at = now() WHERE version = 3");
  await house.moveClock("91 days");
  await run("rotations.clean");
  expect(await rows()).toEqual([3, 4]);
  expect(await caller.rotation.status({ id })).toMatchObject({ version: 4, phase: "done" });
});
