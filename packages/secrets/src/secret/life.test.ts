import { afterAll, beforeAll, expect, test } from "vitest";
import { type House, openHouse } from "../testing/house.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

test("a tenant's secret is created, revealed, rotated and audited", async () => {
  const { caller } = await house.tenant("acme-life");
  const created = await caller.secrets.create({ name: "STRIPE_SECRET_KEY", value: "sk_test_not_a_real_key" });
  expect(created).toMatchObject({
    name: "STRIPE_SECRET_KEY",
    version: 1,
    state: "live",
    project: { name: "default" },
    environment: { name: "dev" },
  });
  expect(JSON.stringify(created)).not.toContain("sk_test");
  expect(await caller.secrets.reveal({ name: "STRIPE_SECRET_KEY" })).toMatchObject({
    value: "sk_test_not_a_real_key",
    version: 1,
    encoding: "utf8",
  });
  const { secret, changed } = await caller.secrets.rotate({
    id: created.id,
    value: "sk_test_second",
    reason: "quarterly",
  });
  expect(changed).toBe(true);
  expect(secret.version).toBe(2);
  expect(await caller.secrets.reveal({ id: created.id })).toMatchObject({
    value: "sk_test_second",
    version: 2,
  });
  expect(await caller.versions.reveal({ id: created.id, version: 1 })).toMatchObject({
    value: "sk_test_not_a_real_key",
    version: 1,
  });
  const { versions } = await caller.versions.list({ id: created.id });
  expect(versions.map((v) => [v.version, v.state, v.rotatedFrom, v.reason])).toEqual([
    [2, "current", 1, "quarterly"],
    [1, "grace", null, null],
  ]);
  const { events } = await caller.audit.list({ target: created.id });
  expect(events.map((e) => [e.action, e.target?.version])).toEqual([
    ["version.listed", null],
    ["secret.accessed", 1],
    ["secret.accessed", 2],
    ["secret.rotated", 2],
    ["secret.accessed", 1],
    ["secret.created", 1],
  ]);
});
