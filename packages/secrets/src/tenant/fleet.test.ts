import { afterEach, beforeEach, expect, test } from "vitest";
import { type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(async () => {
  await house.verify().finally(() => house.close());
});

test("the fleet shows which tenants lack a key that the product needs, in pages, and no value", async () => {
  const needs = ["STRIPE_SECRET_KEY", "SENDGRID_KEY"];
  for (const slug of ["alpha", "beta", "gamma", "omega"]) {
    const { caller } = await house.tenant(slug);
    if (slug === "omega") continue;
    const at = { environment: "prod", value: "not a real value" };
    await caller.secrets.create({ ...at, name: "STRIPE_SECRET_KEY" });
    if (slug === "alpha") await caller.secrets.create({ ...at, name: "SENDGRID_KEY" });
    // In another environment, or deleted, it is not there.
    if (slug === "beta") await caller.secrets.create({ ...at, environment: "dev", name: "SENDGRID_KEY" });
    if (slug !== "gamma") continue;
    const { id } = await caller.secrets.create({ ...at, name: "SENDGRID_KEY" });
    await caller.secrets.delete({ id });
  }
  const operator = house.as(house.operatorToken);
  const lacks = async (input: object) =>
    (await operator.tenants.fleet({ names: needs, ...input })).tenants.map(({ slug, lacks: of }) => [
      slug,
      of,
    ]);
  expect(await lacks({})).toEqual([
    ["beta", ["SENDGRID_KEY"]],
    ["gamma", ["SENDGRID_KEY"]],
    ["omega", needs],
  ]);
  expect((await lacks({ lacking: false }))[0]).toEqual(["alpha", []]);
  const first = await operator.tenants.fleet({ names: needs, limit: 2 });
  const rest = await operator.tenants.fleet({ names: needs, limit: 2, cursor: first.nextCursor! });
  expect([...first.tenants, ...rest.tenants].map(({ slug }) => slug)).toEqual(["beta", "gamma", "omega"]);
  expect(rest.nextCursor).toBeNull();
  expect(await codeOf(operator.tenants.fleet({ names: [] }))).toBe("bad_input");
  const { caller } = await house.tenant("nosy");
  expect(await codeOf(caller.tenants.fleet({ names: needs }))).toBe("forbidden");
});

test("the deployment's status names its database, its jobs and its newest checkpoint", async () => {
  const operator = house.as(house.operatorToken);
  const before = await operator.deployment.status({});
  expect(before.database.version).toMatch(/^1\d/);
  expect(before.jobs.map(({ name }) => name)).toContain("links.clean");
  await house.tenant("another");
  await house.server.makeCheckpoint();
  expect((await operator.deployment.status({})).checkpoint?.chains).toBeGreaterThan(1);
});
