import { afterAll, beforeAll, expect, test } from "vitest";
import { type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

test("a project or an environment that holds secrets is not deleted; emptied, it is, and its name is free", async () => {
  const { caller } = await house.tenant("not-empty");
  const shop = await caller.projects.create({ name: "shop" });
  const { id, environment } = await caller.secrets.create({ project: "shop", name: "K", value: "x" });
  expect(await codeOf(caller.projects.delete({ project: "shop" }))).toBe("not_empty");
  expect(await codeOf(caller.environments.delete({ environment: environment.id }))).toBe("not_empty");
  await caller.secrets.delete({ id });
  expect((await caller.environments.delete({ environment: environment.id })).name).toBe("dev");
  expect((await caller.environments.create({ project: "shop", name: "dev" })).id).not.toBe(environment.id);
  expect((await caller.projects.delete({ project: "shop" })).id).toBe(shop.id);
  expect((await caller.projects.create({ name: "shop" })).id).not.toBe(shop.id);
  // What was deleted with its place does not come back to it.
  expect(await codeOf(caller.secrets.restore({ id }))).toBe("not_found");
});

test("a place that is deleted is out of reach for everything", async () => {
  const { caller } = await house.tenant("deleted-place");
  const { id: environment } = await caller.environments.create({ name: "temporary" });
  await caller.environments.delete({ environment });
  for (const outcome of await Promise.all(
    [
      caller.secrets.set({ environment, name: "K", value: "x" }),
      caller.secrets.set({ environment: "temporary", name: "K", value: "x" }),
      caller.environments.rename({ environment, name: "other" }),
      caller.environments.delete({ environment }),
      caller.tokens.create({ name: "t", environments: [environment] }),
    ].map(codeOf),
  ))
    expect(outcome).toBe("not_found");
});

test("a renamed place keeps its secrets", async () => {
  const { caller } = await house.tenant("renamed");
  const { environment } = await caller.secrets.create({ name: "K", value: "kept" });
  await caller.environments.rename({ environment: environment.id, name: "development" });
  await caller.projects.rename({ project: "default", name: "main" });
  expect(
    (await caller.secrets.reveal({ project: "main", environment: "development", name: "K" })).value,
  ).toBe("kept");
  expect(await codeOf(caller.secrets.reveal({ name: "K" }))).toBe("not_found");
  expect(await codeOf(caller.environments.rename({ environment: environment.id, name: "prod" }))).toBe(
    "name_taken",
  );
});

test("a call that names no place is about the token's only one, else about default and dev", async () => {
  const { caller } = await house.tenant("only-place");
  await caller.projects.create({ name: "shop" });
  await caller.secrets.create({ project: "shop", environment: "prod", name: "K", value: "in prod" });
  const { token } = await caller.tokens.create({
    name: "t",
    preset: "reader",
    projects: ["shop"],
    environments: ["prod"],
  });
  expect((await house.as(token).secrets.reveal({ name: "K" })).value).toBe("in prod");
  expect(await codeOf(caller.secrets.reveal({ name: "K" }))).toBe("not_found");
});

/** Live secrets that stand where nothing is. */
const orphans = (tenant: string) =>
  house.sql(
    `SELECT s.name FROM control_plane.secrets s
       JOIN control_plane.environments e ON e.tenant_id = s.tenant_id AND e.id = s.environment_id
       JOIN control_plane.projects p ON p.tenant_id = e.tenant_id AND p.id = e.project_id
      WHERE s.tenant_id = $1 AND s.state <> 'deleted' AND (e.deleted_at IS NOT NULL OR p.deleted_at IS NOT NULL)`,
    [tenant],
  );

test("a secret that is made while its place is being deleted is never left in no place", async () => {
  const { id, caller } = await house.tenant("raced");
  const outcomes = new Set<string>();
  for (let round = 0; round < 12; round++) {
    const project = `p${round}`;
    await caller.projects.create({ name: project, environments: ["dev"] });
    const { environments } = await caller.environments.list({ project });
    const [made, gone] = await Promise.all([
      codeOf(caller.secrets.create({ project, name: "K", value: "x" })),
      codeOf(
        round % 2 === 0
          ? caller.projects.delete({ project })
          : caller.environments.delete({ environment: environments[0]!.id }),
      ),
    ]);
    outcomes.add(`${made}/${gone}`);
  }
  for (const outcome of outcomes) expect(["allowed/not_empty", "not_found/allowed"]).toContain(outcome);
  expect(await orphans(id)).toEqual([]);
});

test("a secret that is restored while its place is being deleted is never left in no place", async () => {
  const { id, caller } = await house.tenant("restored");
  for (let round = 0; round < 12; round++) {
    const { id: environment } = await caller.environments.create({ name: `e${round}` });
    const secret = await caller.secrets.create({ environment, name: "K", value: "x" });
    await caller.secrets.delete({ id: secret.id });
    const outcome = await Promise.all([
      codeOf(caller.secrets.restore({ id: secret.id })),
      codeOf(caller.environments.delete({ environment })),
    ]);
    expect(["allowed/not_empty", "not_found/allowed"]).toContain(outcome.join("/"));
  }
  expect(await orphans(id)).toEqual([]);
});

test("an environment that waits for its project's deletion finds it gone", async () => {
  const { id, caller } = await house.tenant("environment-waits");
  await caller.projects.create({ name: "p", environments: [] });
  const outcomes = await house.inLine(id, [
    () => codeOf(caller.projects.delete({ project: "p" })),
    () => codeOf(caller.environments.create({ project: "p", name: "late" })),
  ]);
  expect(outcomes).toEqual(["allowed", "not_found"]);
  expect(
    await house.sql("SELECT 1 FROM control_plane.environments WHERE tenant_id = $1 AND name = 'late'", [id]),
  ).toEqual([]);
});

test("an environment that is made while its project is being deleted is never left in no project", async () => {
  const { id, caller } = await house.tenant("environment-raced");
  for (let round = 0; round < 12; round++) {
    const project = `p${round}`;
    await caller.projects.create({ name: project, environments: [] });
    const [made] = await Promise.all([
      codeOf(caller.environments.create({ project, name: "late" })),
      codeOf(caller.projects.delete({ project })),
    ]);
    expect(["allowed", "not_found"]).toContain(made);
  }
  // Made before the project went, it went with it out of everyone's reach; made after, it was refused.
  const { environments } = await caller.environments.list({});
  expect(environments.map((e) => e.name).sort()).toEqual(["dev", "prod", "staging"]);
  expect(await orphans(id)).toEqual([]);
});

test("regression: a token for the whole tenant saw no project and no environment in lists", async () => {
  const { caller } = await house.tenant("sees-all");
  expect((await caller.projects.list({})).projects.map(({ name }) => name)).toEqual(["default"]);
  expect((await caller.environments.list({})).environments.map(({ name }) => name).sort()).toEqual([
    "dev",
    "prod",
    "staging",
  ]);
});
