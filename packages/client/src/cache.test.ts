import { inspect } from "node:util";
import { expect, test } from "vitest";
import { ValueCache } from "./cache.ts";
import { createKeyfold, type KeyfoldOptions } from "./index.ts";
import { answer, fakeFetch, refusal, revealed } from "./testing/answers.ts";
import { HandClock } from "./testing/hand-clock.ts";

const ID = revealed("KEY", "").id;
const OTHER_ID = "0195f0c4-0000-7000-8000-000000000002";

/** A client of a server that answers reads with a number that grows, and changes with the secret's id. */
function client(options: Partial<KeyfoldOptions> = {}) {
  let reads = 0;
  const { fetch, requests } = fakeFetch(({ url, input }) => {
    const procedure = url.pathname.split(".").at(-1);
    const one = (name: string) => revealed(name, `value ${++reads}`, name === "KEY" ? {} : { id: OTHER_ID });
    if (procedure === "reveal") return answer(one(input.name as string));
    if (procedure === "revealMany") return answer({ secrets: (input.names as string[]).map(one) });
    if (procedure === "delete") return answer({ id: ID });
    if (procedure === "setMany") return answer({ results: [{ secret: { id: ID }, changed: true }] });
    return answer({ secret: { id: ID }, changed: true });
  });
  const clock = new HandClock();
  const keyfold = createKeyfold({
    url: "https://keyfold.test",
    token: "kf_not_real",
    fetch,
    clock,
    ...options,
  });
  return { keyfold, acme: keyfold.tenant("acme"), clock, requests };
}

test("a value is given out again until it is 30 seconds old", async () => {
  const { acme, clock } = client();
  expect(await acme.get("KEY")).toBe("value 1");
  clock.move(29_999);
  expect(await acme.get("KEY")).toBe("value 1");
  clock.move(1);
  expect(await acme.get("KEY")).toBe("value 2");
});

test("it can be turned off, for all reads or for one", async () => {
  const off = client({ cache: false });
  expect([await off.acme.get("KEY"), await off.acme.get("KEY")]).toEqual(["value 1", "value 2"]);
  const on = client();
  expect([await on.acme.get("KEY"), await on.acme.get("KEY", { fresh: true })]).toEqual([
    "value 1",
    "value 2",
  ]);
  expect(await on.acme.get("KEY")).toBe("value 2");
});

test("a tenant, a project and an environment never share an entry", async () => {
  const { keyfold, acme } = client();
  const reads = [acme, keyfold.tenant("other"), acme.project("p"), acme.environment("e"), keyfold.tenant()];
  const values = [];
  for (const tenant of reads) values.push(await tenant.get("KEY"));
  expect(new Set(values).size).toBe(reads.length);
});

test("a bulk read asks only for what is not kept, and keeps what it got", async () => {
  const { acme, requests } = client();
  await acme.get("KEY");
  expect(await acme.getMany(["KEY", "B", "C"])).toEqual({ KEY: "value 1", B: "value 2", C: "value 3" });
  expect(requests[1]!.input.names).toEqual(["B", "C"]);
  expect(await acme.get("C")).toBe("value 3");
  expect(requests).toHaveLength(2);
});

test("every change through this client drops what it touches at once", async () => {
  const changes: ((one: ReturnType<typeof client>) => Promise<unknown>)[] = [
    ({ acme }) => acme.set("KEY", "x"),
    ({ acme }) => acme.setMany({ KEY: "x" }),
    ({ acme }) => acme.rotate("KEY", "x"),
    ({ acme }) => acme.rollBack("KEY", 1),
    ({ acme }) => acme.delete("KEY"),
    ({ keyfold }) => keyfold.trpc.secrets.update.mutate({ id: ID, description: "x" }),
    ({ keyfold }) => keyfold.trpc.versions.revoke.mutate({ id: ID, version: 1, reason: "x" }),
    ({ keyfold }) => keyfold.trpc.tenants.delete.mutate({ tenant: "acme" }),
    ({ keyfold }) => Promise.resolve(keyfold.clearCache()),
  ];
  for (const change of changes) {
    const one = client();
    await one.acme.get("KEY");
    await change(one);
    expect(await one.acme.get("KEY")).toBe("value 2");
  }
});

test("a change drops the secret under every name that the tenant was given, and leaves the others", async () => {
  const { keyfold, acme } = client();
  await keyfold.tenant().get("KEY");
  await keyfold.tenant().get("B");
  await acme.set("KEY", "x");
  expect(await keyfold.tenant().get("KEY")).toBe("value 3");
  expect(await keyfold.tenant().get("B")).toBe("value 2");
});

test("a change that failed drops too: nobody knows how far it came", async () => {
  let reads = 0;
  const { fetch } = fakeFetch(({ method }) =>
    method === "GET" ? answer(revealed("KEY", `value ${++reads}`)) : refusal("internal", 500),
  );
  const acme = createKeyfold({ url: "https://keyfold.test", token: "kf_not_real", fetch }).tenant("acme");
  await acme.get("KEY");
  await expect(acme.set("KEY", "x")).rejects.toMatchObject({ code: "internal" });
  expect(await acme.get("KEY")).toBe("value 2");
});

test("a value that was read before a change and arrives after it is not kept", async () => {
  let reads = 0;
  const held = Promise.withResolvers<void>();
  const { fetch } = fakeFetch(async ({ method }) => {
    if (method !== "GET") return answer({ secret: { id: ID }, changed: true });
    const number = ++reads;
    if (number === 1) await held.promise;
    return answer(revealed("KEY", `value ${number}`));
  });
  const acme = createKeyfold({ url: "https://keyfold.test", token: "kf_not_real", fetch }).tenant("acme");
  const early = acme.get("KEY");
  await acme.set("KEY", "x");
  held.resolve();
  expect(await early).toBe("value 1");
  expect(await acme.get("KEY")).toBe("value 2");
});

test("while a change is under way, the value before it is not given out from memory", async () => {
  let reads = 0;
  const held = Promise.withResolvers<void>();
  const { fetch } = fakeFetch(async ({ method }) => {
    if (method === "GET") return answer(revealed("KEY", `value ${++reads}`));
    await held.promise;
    return answer({ secret: { id: ID }, changed: true });
  });
  const acme = createKeyfold({ url: "https://keyfold.test", token: "kf_not_real", fetch }).tenant("acme");
  await acme.get("KEY");
  const change = acme.set("KEY", "x");
  await Promise.resolve();
  expect(await acme.get("KEY")).toBe("value 2");
  held.resolve();
  await change;
  expect(await acme.get("KEY")).toBe("value 3");
});

test("a token that is not accepted any more empties it", async () => {
  let revoked = false;
  const { fetch } = fakeFetch(({ input }) =>
    revoked ? refusal("unauthenticated", 401) : answer(revealed(input.name as string, "not a real value")),
  );
  const acme = createKeyfold({ url: "https://keyfold.test", token: "kf_not_real", fetch }).tenant("acme");
  await acme.get("KEY");
  revoked = true;
  await expect(acme.get("OTHER")).rejects.toMatchObject({ code: "unauthenticated" });
  await expect(acme.get("KEY")).rejects.toMatchObject({ code: "unauthenticated" });
});

const place = { tenant: "acme" };

test("it holds no more values and no more bytes than it may: the oldest go", () => {
  const few = new ValueCache({ max: 2 }, new HandClock());
  for (const name of ["A", "B", "C"]) few.put(place, name, revealed(name, "v"), few.mark);
  expect(["A", "B", "C"].map((name) => few.get(place, name)?.name)).toEqual([undefined, "B", "C"]);
  const small = new ValueCache({ maxBytes: 20 }, new HandClock());
  for (const name of ["A", "B", "C"]) small.put(place, name, revealed(name, "12345"), small.mark);
  expect(["A", "B", "C"].map((name) => small.get(place, name)?.name)).toEqual([undefined, "B", "C"]);
  small.put(place, "D", revealed("D", "longer than all that fits"), small.mark);
  expect(small.get(place, "D")).toBe(null);
  expect(small.size).toBe(2);
});

test("what nobody asks for again leaves memory when its time is over", () => {
  const clock = new HandClock();
  const cache = new ValueCache({ maxAgeMs: 1000 }, clock);
  cache.put(place, "A", revealed("A", "v"), cache.mark);
  clock.move(600);
  cache.put(place, "B", revealed("B", "v"), cache.mark);
  clock.move(400);
  expect(cache.size).toBe(1);
  clock.move(1000);
  expect(cache.size).toBe(0);
});

test("a version in grace is not kept beyond its deadline", () => {
  const clock = new HandClock();
  const cache = new ValueCache({}, clock);
  const openUntil = new Date(clock.now() + 500).toISOString();
  cache.put(place, "A", revealed("A", "v", { openUntil }), cache.mark);
  clock.move(499);
  expect(cache.get(place, "A")).not.toBe(null);
  clock.move(1);
  expect(cache.get(place, "A")).toBe(null);
});

test("it prints and serializes without its values", () => {
  const cache = new ValueCache({}, new HandClock());
  cache.put(place, "A", revealed("A", "sk_test_not_a_real_key"), cache.mark);
  expect(inspect(cache, { depth: null, showHidden: true })).toBe("[redacted]");
  expect(JSON.stringify({ cache })).toBe('{"cache":"[redacted]"}');
});
