import { connect } from "@keyfold/db";
import { afterAll, beforeAll, expect, test } from "vitest";
import { requestInfo } from "../../router/context.ts";
import { verbs } from "../../router/verbs.ts";
import { type House, openHouse } from "../../testing/house.ts";
import { codeOf } from "../../testing/refusal.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

const items = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ name: `K${i}`, value: `value ${i}` }));

test("500 secrets are set and revealed in one call, each with its own event; 501 are refused", async () => {
  const { id, caller } = await house.tenant("many");
  const { results } = await caller.secrets.setMany({ items: items(500), reason: "import" });
  expect(results.map((r) => r.secret.name)).toEqual(items(500).map((i) => i.name));
  const { secrets } = await caller.secrets.revealMany({
    names: items(500)
      .map((i) => i.name)
      .reverse(),
  });
  expect(secrets.map((s) => s.value)).toEqual(
    items(500)
      .map((i) => i.value)
      .reverse(),
  );
  const { events } = await caller.audit.list({ limit: 500, action: "secret.accessed" });
  expect(new Set(events.map((e) => e.target?.name)).size).toBe(500);
  expect(await codeOf(caller.secrets.setMany({ items: items(501) }))).toBe("bad_input");
  expect(await codeOf(caller.secrets.revealMany({ names: items(501).map((i) => i.name) }))).toBe("bad_input");
  expect((await house.verify()).get(id)).toBeGreaterThan(1000);
});

test("a bulk set is all or nothing, whichever item fails", async () => {
  const { caller } = await house.tenant("all-set");
  await caller.secrets.set({ name: "THERE", value: "x" });
  const bad = [
    [{ name: "THERE", value: "y", expectedVersion: 9 }, "version_mismatch"],
    [{ name: "NEW", value: "y", expectedVersion: 1 }, "version_mismatch"],
    [{ name: "NEW", value: "" }, "bad_input"],
    [{ name: "NEW", value: "x".repeat(1024 * 1024 + 1) }, "too_large"],
    [{ name: "A", value: "twice" }, "bad_input"],
  ] as const;
  for (const [item, code] of bad)
    expect(
      await codeOf(
        caller.secrets.setMany({ items: [{ name: "A", value: "a" }, item, { name: "Z", value: "z" }] }),
      ),
    ).toBe(code);
  const { secrets } = await caller.secrets.list({});
  expect(secrets.map((s) => [s.name, s.version])).toEqual([["THERE", 1]]);
});

test("a bulk get is all or nothing: one that is missing fails it, and nothing is told as read", async () => {
  const { caller } = await house.tenant("all-get");
  await caller.secrets.set({ name: "THERE", value: "x" });
  expect(await codeOf(caller.secrets.revealMany({ names: ["THERE", "NOT_THERE"] }))).toBe("not_found");
  expect((await caller.audit.list({ action: "secret.accessed", outcome: "success" })).events).toEqual([]);
});

test("more than 8 MiB are refused, going in and coming out", async () => {
  const { caller } = await house.tenant("large");
  const mib = "m".repeat(1024 * 1024);
  const big = Array.from({ length: 9 }, (_, i) => ({ name: `BIG${i}`, value: mib }));
  expect(await codeOf(caller.secrets.setMany({ items: big }))).toBe("too_large");
  expect((await caller.secrets.list({})).secrets).toEqual([]);
  expect(await codeOf(caller.secrets.setMany({ items: big.slice(0, 8) }))).toBe("allowed");
  await caller.secrets.set({ name: "BIG8", value: "one byte too many" });
  expect(await codeOf(caller.secrets.revealMany({ names: big.map((i) => i.name) }))).toBe("too_large");
  expect(await codeOf(caller.secrets.revealMany({ names: big.slice(0, 8).map((i) => i.name) }))).toBe(
    "allowed",
  );
});

test("two bulk sets of the same names in opposite orders both go through", async () => {
  const { caller } = await house.tenant("orders");
  const [up, down] = [items(20), items(20).reverse()];
  for (let round = 0; round < 3; round++) {
    const outcomes = await Promise.all(
      [up, down, up, down].map((list, i) =>
        codeOf(caller.secrets.setMany({ items: list.map((item) => ({ ...item, value: `${round} ${i}` })) })),
      ),
    );
    expect(outcomes).toEqual(["allowed", "allowed", "allowed", "allowed"]);
  }
  expect(new Set((await caller.secrets.list({})).secrets.map((s) => s.version))).toEqual(new Set([12]));
});

test("bulk reads and roll backs need no second connection while they hold one", async () => {
  const { token, caller } = await house.tenant("one-connection");
  await caller.secrets.setMany({ items: items(3) });
  const { id } = (await caller.secrets.rotate({ name: "K0", value: "second" })).secret;
  const db = connect({ url: house.database.url, poolSize: 1, connectTimeoutMs: 2_000 });
  try {
    const names = ["K0", "K1"];
    const request = requestInfo({ token });
    const cold = async () => await house.another({ db });
    expect(await codeOf((await cold()).invoke(verbs.secrets.revealMany, request, { names }))).toBe("allowed");
    expect(await codeOf((await cold()).invoke(verbs.secrets.rollBack, request, { id, to: 1 }))).toBe(
      "allowed",
    );
    expect(await codeOf((await cold()).invoke(verbs.secrets.reveal, request, { id }))).toBe("allowed");
  } finally {
    await db.close();
  }
});
