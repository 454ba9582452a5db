import { randomBytes } from "node:crypto";
import { hybridOpener, hybridSeedFromText, localRootKey } from "@keyfold/envelope";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Caller, callerOf, type House, openHouse } from "../../testing/house.ts";
import { toItsEnd } from "../../testing/keys.ts";
import { codeOf, refusalOf } from "../../testing/refusal.ts";

// A tenant whose secrets want different algorithms has keys of two suites: what is done to its keys is done to both.

const hybrid = { current: hybridSeedFromText(randomBytes(32).toString("hex")) };
const recovery = localRootKey(randomBytes(32));
let house: House;
let tenant: { id: string; slug: string; token: string; caller: Caller };
beforeEach(async () => {
  house = await openHouse({ hybrid, also: [recovery] });
  tenant = await house.tenant("mixed");
  await tenant.caller.secrets.create({ name: "PLAIN", value: "not a real value" });
  await tenant.caller.secrets.create({ name: "HYBRID", value: "nor is this", algorithm: "hybrid-quantum" });
});
afterEach(async () => {
  await house.verify().finally(() => house.close());
});

const values = async (caller: Caller) => [
  (await caller.secrets.reveal({ name: "PLAIN" })).value,
  (await caller.secrets.reveal({ name: "HYBRID" })).value,
];
const terms = async () =>
  (
    await house.sql<{ term: string }>(
      "SELECT purpose || ' ' || term || ' suite ' || suite AS term FROM control_plane.tenant_keys WHERE tenant_id = $1 ORDER BY 1",
      [tenant.id],
    )
  ).map(({ term }) => term);

test("an opener that is removed goes from the keys of both suites, and every value is sealed anew in its own", async () => {
  const { id } = await recovery.current();
  const root = (await house.provider.current()).id;
  const server = await house.another({ also: [], hybrid });
  const operator = callerOf(server, house.operatorToken);
  const job = await toItsEnd(() => operator.keys.removeOpener({ opener: id }));
  expect(job).toMatchObject({ state: "done", failed: [] });
  const openers = await house.sql<{ opener: string }>(
    "SELECT opener FROM control_plane.key_wraps WHERE tenant_id = $1 GROUP BY opener ORDER BY length(opener)",
    [tenant.id],
  );
  expect(openers.map(({ opener }) => opener)).toEqual([root, hybridOpener(root, hybrid.current.publicKey)]);
  expect(await terms()).toEqual([
    "digest 3 suite 1",
    "digest 4 suite 2",
    "value 3 suite 1",
    "value 4 suite 2",
  ]);
  expect(await values(callerOf(server, tenant.token))).toEqual(["not a real value", "nor is this"]);
});

test("wraps are counted for each suite's key, and one that is used up keeps nobody from the other's", async () => {
  // Another root key: what the house has reserved of its own is more than these limits.
  const server = await house.another({
    provider: localRootKey(randomBytes(32)),
    others: [house.provider],
    also: [],
    hybrid,
    wrapLimits: { block: 2, rotateAt: 12, refuseAt: 24 },
  });
  const by = callerOf(server, house.operatorToken);
  const { id } = await by.tenants.create({ slug: "busy" });
  const { token } = await by.tokens.create({ tenant: "busy", name: "first", preset: "admin" });
  const caller = callerOf(server, token!);
  await caller.secrets.create({ name: "PLAIN", value: "not a real value" });
  await caller.secrets.create({ name: "HYBRID", value: "nor is this", algorithm: "hybrid-quantum" });
  const write = (name: string, i: number) =>
    codeOf(caller.secrets.set({ name, value: `value ${i}, not real` }));
  for (let i = 0; (await write("PLAIN", i)) === "allowed"; i++) expect(i).toBeLessThan(30);
  expect(await write("PLAIN", 100)).toBe("key_used_up");
  expect(await write("HYBRID", 1)).toBe("allowed");
  const counted = await house.sql<{ term: number; due: boolean }>(
    `SELECT c.term, c.reserved >= 12 AS due FROM control_plane.wrap_counts c JOIN control_plane.tenants t ON t.id = c.tenant_id
      WHERE t.slug = 'busy' ORDER BY c.term`,
  );
  expect(counted).toEqual([
    { term: 1, due: true },
    { term: 2, due: false },
  ]);
  // The older one is due, though the newest of all is the other suite's.
  const due = await house.sql<{ id: string }>("SELECT control_plane.tenant_keys_due(12, 10) AS id");
  expect(due).toContainEqual({ id });
});

test("an algorithm that there is not, or from whom it is not to be set, is refused", async () => {
  const { caller } = tenant;
  for (const algorithm of ["rot13", "", "AES-256-GCM", 2, {}] as never[]) {
    const refusal = await refusalOf(caller.secrets.update({ name: "PLAIN", algorithm }));
    expect([refusal.code, refusal.message]).toMatchObject([
      "bad_input",
      expect.not.stringContaining("rot13"),
    ]);
    expect(await codeOf(caller.secrets.create({ name: "X", value: "not real", algorithm }))).toBe(
      "bad_input",
    );
    expect(
      await codeOf(house.as(house.operatorToken).tenants.configure({ tenant: "mixed", algorithm })),
    ).toBe("bad_input");
  }
  const { token } = await caller.tokens.create({ name: "reader", actions: ["secret.reveal"] });
  expect(await codeOf(house.as(token!).secrets.update({ name: "PLAIN", algorithm: null }))).toBe("forbidden");
  expect(await values(caller)).toEqual(["not a real value", "nor is this"]);
});
