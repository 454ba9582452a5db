import { SecretValue } from "@keyfold/envelope/secret-value";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Source } from "./entry.ts";
import { importSecrets } from "./import.ts";
import { entries, type Into, openInto } from "./testing/keyfold.ts";

let into: Into;
let count = 0;
beforeAll(async () => {
  into = await openInto();
});
afterAll(() => into.close());
const fresh = () => `tenant-${++count}`;

const run = (source: Source, tenant: string, more: Partial<Parameters<typeof importSecrets>[0]> = {}) =>
  importSecrets({ source, client: into.client, mapping: { tenant }, ...more });

test("secrets are read, written and compared; a second run finds them all the same and changes nothing", async () => {
  const tenant = fresh();
  const source = entries([
    { name: "STRIPE_KEY", value: "sk_test_not_a_real_key" },
    { name: "api/URL", value: "line one\nline two é" },
    { name: "BYTES", value: Buffer.from([0, 255, 1]), environment: "prod" },
  ]);
  expect(await run(source, tenant)).toMatchObject({
    plan: { read: 3, fates: { new: 3, same: 0, differs: 0 }, problems: [] },
    written: { changed: 3, kept: new Set() },
    verified: { secrets: 3, compared: 3, missing: [], differing: [] },
    complete: true,
  });
  expect(await into.value(tenant, "api/URL")).toBe("line one\nline two é");
  expect(await into.value(tenant, "BYTES", { environment: "prod" })).toBe("AP8B");
  expect(await run(source, tenant)).toMatchObject({
    plan: { fates: { new: 0, same: 3 } },
    written: { changed: 0 },
    complete: true,
  });
  expect(await into.versions(tenant, "STRIPE_KEY")).toBe(1);
});

test("a dry run says what would become of each, and writes nothing", async () => {
  const tenant = fresh();
  const { secrets } = (await into.client(tenant)).trpc;
  await secrets.set.mutate({ name: "SAME", value: "1" });
  await secrets.set.mutate({ name: "OTHER", value: "1" });
  const source = entries(
    ["SAME", "OTHER", "NEW"].map((name) => ({ name, value: name === "OTHER" ? "2" : "1" })),
  );
  const result = await run(source, tenant, { dryRun: true });
  expect(result).toMatchObject({
    plan: { fates: { new: 1, same: 1, differs: 1 }, problems: [{ kind: "differs", from: "item 2" }] },
    written: null,
  });
  await expect(into.value(tenant, "NEW")).rejects.toMatchObject({ code: "not_found" });
});

test("a value that differs stops everything, is overwritten, or is kept, as asked", async () => {
  const tenant = fresh();
  await (await into.client(tenant)).trpc.secrets.set.mutate({ name: "OTHER", value: "old" });
  const source = entries([
    { name: "NEW", value: "1" },
    { name: "OTHER", value: "new" },
  ]);
  expect(await run(source, tenant)).toMatchObject({ written: null, complete: false });
  await expect(into.value(tenant, "NEW")).rejects.toMatchObject({ code: "not_found" });
  expect(await run(source, tenant, { onDifference: "keep" })).toMatchObject({
    written: { changed: 1, kept: { size: 1 } },
    complete: true,
  });
  expect(await into.value(tenant, "OTHER")).toBe("old");
  expect(await run(source, tenant, { onDifference: "overwrite" })).toMatchObject({
    written: { changed: 1 },
    complete: true,
  });
  expect(await into.value(tenant, "OTHER")).toBe("new");
  expect(await into.versions(tenant, "OTHER")).toBe(2);
});

test("names that cannot be, and one name with two values, are told before anything is written", async () => {
  const tenant = fresh();
  const { plan, written } = await run(
    entries([
      { name: "a//b", value: "1" },
      { name: "TWICE", value: "1" },
      { name: "TWICE", value: "2" },
      { name: "AGAIN", value: "1" },
      { name: "AGAIN", value: "1" },
      { name: "again", value: "3" },
    ]),
    tenant,
  );
  expect(written).toBeNull();
  expect(plan.problems.map(({ kind, from }) => [kind, from])).toEqual([
    ["bad_name", "item 1"],
    ["twice", "item 3"],
    ["alike", "item 6"],
  ]);
  expect(JSON.stringify(plan)).not.toContain('"value"');
});

test("an empty value is told and left out, and keeps nothing else from coming", async () => {
  const tenant = fresh();
  const source = entries([
    { name: "EMPTY", value: "" },
    { name: "FULL", value: "1" },
  ]);
  expect(await run(source, tenant)).toMatchObject({
    plan: { problems: [{ kind: "empty", from: "item 1" }] },
    written: { changed: 1 },
    complete: true,
  });
});

test("names that differ only in case or in their Unicode form are a warning, and both come", async () => {
  const tenant = fresh();
  const source = entries([
    { name: "Key", value: "1" },
    { name: "KEY", value: "2" },
    { name: "ﬁ", value: "3" },
    { name: "fi", value: "4" },
    { name: "caf\u00e9", value: "composed" },
    { name: "cafe\u0301", value: "decomposed" },
  ]);
  expect(await run(source, tenant)).toMatchObject({
    plan: { problems: ["item 2", "item 4", "item 6"].map((from) => ({ kind: "alike", from })) },
    written: { changed: 6 },
    complete: true,
  });
  expect(await into.value(tenant, "Key")).toBe("1");
  expect(await into.value(tenant, "caf\u00e9")).toBe("composed");
  expect(await into.value(tenant, "cafe\u0301")).toBe("decomposed");
});

test("values that are more together than one answer carries are written and compared all the same", async () => {
  const tenant = fresh();
  const large = Array.from({ length: 9 }, (_, i) => ({ name: `L${i}`, value: `${i}`.repeat(1024 * 1024) }));
  expect(await run(entries(large), tenant)).toMatchObject({
    written: { changed: 9 },
    verified: { compared: 9, missing: [], differing: [] },
    complete: true,
  });
});

test("a value of a megabyte comes, and one that is larger than the server takes is named", async () => {
  const tenant = fresh();
  const megabyte = { name: "LARGE", value: "x".repeat(1024 * 1024) };
  expect(await run(entries([megabyte, { name: "SMALL", value: "1" }]), tenant)).toMatchObject({
    complete: true,
  });
  const more = { name: "LARGER", value: "x".repeat(1024 * 1024 + 1) };
  await expect(run(entries([{ name: "A", value: "1" }, more]), tenant)).rejects.toMatchObject({
    name: "SourceError",
    message: expect.stringMatching(
      new RegExp(`^${tenant}: LARGER is too large\\. .* What came before it stays\\.$`),
    ),
  });
  await expect(into.value(tenant, "A")).rejects.toMatchObject({ code: "not_found" });
});

test("a mapping sends tenants, environments and names where they belong, and leaves the others out", async () => {
  const [one, two] = [fresh(), fresh()];
  const source = entries([
    { name: "OLD", tenant: "Acme Inc.", environment: "production", value: "1" },
    { name: "OLD", tenant: "42", value: "2" },
    { name: "OLD", tenant: "left out", value: "3" },
  ]);
  const mapping = {
    tenants: { "Acme Inc.": one, "42": two },
    environments: { production: "prod" },
    names: { OLD: "NEW" },
    prefix: "billing/",
  };
  expect(await run(source, "", { mapping })).toMatchObject({ plan: { leftOut: 1 }, complete: true });
  expect(await into.value(one, "billing/NEW", { environment: "prod" })).toBe("1");
  expect(await into.value(two, "billing/NEW")).toBe("2");
});

test("projects and environments that are missing are made", async () => {
  const tenant = fresh();
  const source = entries([{ name: "K", value: "1", project: "shop", environment: "canary" }]);
  expect(await run(source, tenant)).toMatchObject({ complete: true });
  expect(await into.value(tenant, "K", { project: "shop", environment: "canary" })).toBe("1");
});

test("a source that changes while it is read is found out: what differs is named, and nothing is claimed", async () => {
  const tenant = fresh();
  let reading = 0;
  const source: Source = {
    kind: "restless list",
    async *read() {
      reading++;
      yield* entries([
        { name: "K", value: reading < 3 ? "before" : "after" },
        ...(reading < 3 ? [] : [{ name: "LATE", value: "x" }]),
      ]).read();
    },
  };
  expect(await run(source, tenant)).toMatchObject({
    complete: false,
    verified: { differing: [{ target: { name: "K" } }], missing: [{ target: { name: "LATE" } }] },
  });
  expect(await run(source, tenant, { onDifference: "overwrite" })).toMatchObject({ complete: true });
});

test("a source that dies in the middle leaves what was written, and the next run finishes it", async () => {
  const tenant = fresh();
  const all = Array.from({ length: 1200 }, (_, i) => ({ name: `K${i}`, value: `v${i}` }));
  let reading = 0;
  const dying: Source = {
    kind: "dying list",
    async *read() {
      if (++reading === 2) {
        yield* entries(all.slice(0, 700)).read();
        throw new Error("the line was cut");
      }
      yield* entries(all).read();
    },
  };
  await expect(run(dying, tenant)).rejects.toThrow("the line was cut");
  expect(await into.value(tenant, "K0")).toBe("v0");
  expect(await run(entries(all), tenant)).toMatchObject({
    plan: { fates: { same: 500, new: 700 } },
    written: { changed: 700 },
    verified: { compared: 1200 },
    complete: true,
  });
  expect(await into.versions(tenant, "K0")).toBe(1);
});

test("a sample compares so many and finds a difference among them", async () => {
  const tenant = fresh();
  const all = Array.from({ length: 40 }, (_, i) => ({ name: `K${i}`, value: `v${i}` }));
  expect(await run(entries(all), tenant, { sample: 10 })).toMatchObject({
    verified: { secrets: 40, compared: 10 },
    complete: true,
  });
});

/** What stands there, version by version. */
async function history(tenant: string, name: string): Promise<string[]> {
  const { trpc } = await into.client(tenant);
  const { id, version } = await trpc.secrets.get.query({ name });
  const values = [];
  for (let number = 1; number <= version!; number++)
    values.push((await trpc.versions.reveal.query({ id, version: number })).value);
  return values;
}
const withPast = (past: Record<string, string[]>): Source => ({
  kind: "list with a past",
  async *read() {
    for (const [name, values] of Object.entries(past))
      yield {
        from: name,
        tenant: "acme",
        project: null,
        environment: null,
        name,
        value: SecretValue.ofText(values.at(-1)!),
        older: async () => values.slice(0, -1).map((value) => SecretValue.ofText(value)),
      };
  },
});

test("older values become versions of their own, oldest first, and a second run changes nothing", async () => {
  const tenant = fresh();
  const source = withPast({ A: ["a1", "a2", "a2", "", "a1", "a4"], B: ["only"], C: ["c1", "c2"] });
  expect(await run(source, tenant)).toMatchObject({
    plan: { fates: { new: 3 } },
    written: { changed: 3, older: 4 },
    complete: true,
  });
  expect(await history(tenant, "A")).toEqual(["a1", "a2", "a1", "a4"]);
  expect(await history(tenant, "C")).toEqual(["c1", "c2"]);
  expect(await run(source, tenant)).toMatchObject({
    plan: { fates: { same: 3 } },
    written: { changed: 0, older: 0 },
  });
});

test("an import of older values that was cut short goes on where it was, and one that somebody wrote into does not", async () => {
  const tenant = fresh();
  const { secrets } = (await into.client(tenant)).trpc;
  for (const value of ["a1", "a2"]) await secrets.set.mutate({ name: "A", value });
  for (const value of ["other", "b2"]) await secrets.set.mutate({ name: "B", value });
  await secrets.set.mutate({ name: "C", value: "somebody's" });
  const source = withPast({ A: ["a1", "a2", "a1", "a4"], B: ["b1", "b2", "b3"], C: ["c1", "c2"] });
  expect(await run(source, tenant)).toMatchObject({
    plan: { fates: { new: 0, same: 0, older: 2, differs: 1 }, problems: [{ kind: "differs", from: "C" }] },
    written: null,
  });
  expect(await run(source, tenant, { onDifference: "keep" })).toMatchObject({
    written: { kept: { size: 1 } },
  });
  expect(await history(tenant, "A")).toEqual(["a1", "a2", "a1", "a4"]);
  expect(await history(tenant, "B")).toEqual(["other", "b2", "b3"]);
  expect(await run(source, tenant, { onDifference: "overwrite" })).toMatchObject({ complete: true });
  expect(await history(tenant, "C")).toEqual(["somebody's", "c2"]);
});

test("two imports at once make every older value one version", async () => {
  const tenant = fresh();
  await into.client(tenant);
  const past = Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [
      `K${i}`,
      Array.from({ length: 4 }, (_, version) => `${i} ${version}`),
    ]),
  );
  const results = await Promise.all([run(withPast(past), tenant), run(withPast(past), tenant)]);
  expect(results.map(({ complete }) => complete)).toEqual([true, true]);
  for (const name of ["K0", "K7", "K19"]) expect(await history(tenant, name)).toEqual(past[name]);
});

test("what says no tenant goes where it is told, and an import that would bring nothing is none", async () => {
  const tenant = fresh();
  const source = entries([{ name: "K", tenant: null, value: "1" }]);
  expect(await run(source, "", { mapping: { otherwise: tenant } })).toMatchObject({ complete: true });
  expect(await into.value(tenant, "K")).toBe("1");
  expect(await run(source, "", { mapping: {} })).toMatchObject({
    plan: { read: 1, leftOut: 1, problems: [{ kind: "no_tenant", from: "list" }] },
    written: null,
    complete: false,
  });
});

test("only the tenants that are named come, by their old name or their slug; one that is not there is told", async () => {
  const [one, two] = [fresh(), fresh()];
  const source = entries([
    { name: "A", tenant: one, value: "1" },
    { name: "A", tenant: "Old Two", value: "2" },
    { name: "A", tenant: "another", value: "3" },
  ]);
  const tenants = { [one]: one, "Old Two": two, another: "never" };
  expect(await run(source, "", { mapping: { tenants, only: [one, "Old Two"] } })).toMatchObject({
    plan: { read: 3, leftOut: 1 },
    complete: true,
  });
  expect(await into.value(two, "A")).toBe("2");
  const { plan, written } = await run(source, "", { mapping: { tenants, only: [two, "old-too"] } });
  expect(written).toBeNull();
  expect(plan.problems).toMatchObject([{ kind: "no_tenant", from: "old-too" }]);
});

test("two imports at once make one version of each", async () => {
  const tenant = fresh();
  await into.client(tenant);
  const all = Array.from({ length: 60 }, (_, i) => ({ name: `K${i}`, value: `v${i}` }));
  const results = await Promise.all([run(entries(all), tenant), run(entries(all), tenant)]);
  expect(results.map(({ complete }) => complete)).toEqual([true, true]);
  expect(await into.versions(tenant, "K7")).toBe(1);
});
