import { inspect } from "node:util";
import { expect, test } from "vitest";
import { z } from "zod";
import { ValueCache } from "./cache.ts";
import { createKeyfold, defineSecrets, type KeyfoldOptions } from "./index.ts";
import { held } from "./secret-value.ts";
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

/** A client whose token function gives the token that `as` says, of a server where each token has a tenant of its own. */
function twoTenants() {
  const { fetch, requests } = fakeFetch(({ headers, input }) => {
    const whose = headers.get("authorization")!.replace("Bearer kf_not_real_", "value of ");
    const { name, names } = input as { name?: string; names?: string[] };
    if (name !== undefined) return answer(revealed(name, whose));
    return answer({ secrets: names!.map((one) => revealed(one, whose)) });
  });
  const state = { as: "first" };
  const token = () => `kf_not_real_${state.as}`;
  const keyfold = createKeyfold({ url: "https://keyfold.test", token, fetch });
  return { state, keyfold, own: keyfold.tenant(), requests };
}

test("regression: a second tenant was given the first one's value when a token function gave another token", async () => {
  const { state, own, requests } = twoTenants();
  expect(await own.get("KEY")).toBe("value of first");
  expect(await own.getMany(["KEY", "B"])).toEqual({ KEY: "value of first", B: "value of first" });
  state.as = "second";
  expect(await own.get("KEY")).toBe("value of second");
  expect(await own.getMany(["KEY", "B"])).toEqual({ KEY: "value of second", B: "value of second" });
  const sent = requests.length;
  state.as = "first";
  expect(await own.get("KEY")).toBe("value of first");
  expect(requests).toHaveLength(sent);
});

test("reads that run at once with different tokens do not mix", async () => {
  const { state, own } = twoTenants();
  const reads = ["first", "second", "first", "second"].map((as) => {
    state.as = as;
    return own.get("KEY");
  });
  const values = await Promise.all(reads);
  expect(values).toEqual(["value of first", "value of second", "value of first", "value of second"]);
});

test("what is sent is what was looked up: the token is asked for once in a read", async () => {
  const tokens = ["first", "second", "second", "first"];
  const { fetch } = fakeFetch(({ headers, input }) =>
    answer(revealed(input.name as string, headers.get("authorization")!)),
  );
  const token = () => `kf_not_real_${tokens.shift()}`;
  const own = createKeyfold({ url: "https://keyfold.test", token, fetch }).tenant();
  for (const whose of ["first", "second", "second", "first"])
    expect(await own.get("KEY")).toBe(`Bearer kf_not_real_${whose}`);
  expect(tokens).toEqual([]);
});

test("all declared secrets are read with one token, also when they have to be asked for one by one", async () => {
  const tokens = ["first"];
  const { fetch } = fakeFetch(({ headers, input }) =>
    input.name === undefined
      ? refusal("not_found", 404)
      : answer(revealed(input.name as string, headers.get("authorization")!)),
  );
  const token = () => `kf_not_real_${tokens.shift() ?? "second"}`;
  const declared = defineSecrets({ A: z.string(), B: z.string(), C: z.string() });
  const own = createKeyfold({ url: "https://keyfold.test", token, fetch }).tenant(undefined, declared);
  const first = "Bearer kf_not_real_first";
  expect(await own.getAll()).toEqual({ A: first, B: first, C: first });
});

test("a token function that fails gives nothing out, whatever is kept", async () => {
  const { fetch } = fakeFetch(() => answer(revealed("KEY", "not a real value")));
  let works = true;
  const token = () => (works ? "kf_not_real" : Promise.reject(new Error("not real")));
  const own = createKeyfold({ url: "https://keyfold.test", token, fetch }).tenant();
  await own.get("KEY");
  works = false;
  await expect(own.get("KEY")).rejects.toMatchObject({ code: "unauthenticated" });
});

const asked = { by: 1, place: { tenant: "acme" } };

test("it holds no more values and no more bytes than it may: the oldest go", () => {
  const few = new ValueCache({ max: 2 }, new HandClock());
  for (const name of ["A", "B", "C"]) few.put(asked, name, held(revealed(name, "v")), few.mark);
  expect(["A", "B", "C"].map((name) => few.get(asked, name)?.name)).toEqual([undefined, "B", "C"]);
  const small = new ValueCache({ maxBytes: 20 }, new HandClock());
  for (const name of ["A", "B", "C"]) small.put(asked, name, held(revealed(name, "12345")), small.mark);
  expect(["A", "B", "C"].map((name) => small.get(asked, name)?.name)).toEqual([undefined, "B", "C"]);
  small.put(asked, "D", held(revealed("D", "longer than all that fits")), small.mark);
  expect(small.get(asked, "D")).toBe(null);
  expect(small.size).toBe(2);
});

test("what nobody asks for again leaves memory when its time is over", () => {
  const clock = new HandClock();
  const cache = new ValueCache({ maxAgeMs: 1000 }, clock);
  cache.put(asked, "A", held(revealed("A", "v")), cache.mark);
  clock.move(600);
  cache.put(asked, "B", held(revealed("B", "v")), cache.mark);
  clock.move(400);
  expect(cache.size).toBe(1);
  clock.move(1000);
  expect(cache.size).toBe(0);
});

test("a version in grace is not kept beyond its deadline", () => {
  const clock = new HandClock();
  const cache = new ValueCache({}, clock);
  const openUntil = new Date(clock.now() + 500).toISOString();
  cache.put(asked, "A", held(revealed("A", "v", { openUntil })), cache.mark);
  clock.move(499);
  expect(cache.get(asked, "A")).not.toBe(null);
  clock.move(1);
  expect(cache.get(asked, "A")).toBe(null);
});

test("it prints and serializes without its values", () => {
  const cache = new ValueCache({}, new HandClock());
  cache.put(asked, "A", held(revealed("A", "sk_test_not_a_real_key")), cache.mark);
  expect(inspect(cache, { depth: null, showHidden: true })).toBe("[redacted]");
  expect(JSON.stringify({ cache })).toBe('{"cache":"[redacted]"}');
});

test("many who ask for one value at once cause one request, and who asks after a change does not get what was before it", async () => {
  const { acme, requests } = client();
  const many = Array.from({ length: 20 }, () => acme.get("KEY"));
  expect(new Set(await Promise.all(many))).toEqual(new Set(["value 1"]));
  expect(requests).toHaveLength(1);

  const arrive: ((response: Response) => void)[] = [];
  const { fetch } = fakeFetch(({ url }) =>
    url.pathname.endsWith("reveal")
      ? new Promise<Response>((resolve) => void arrive.push(resolve))
      : answer({ secret: { id: ID }, changed: true }),
  );
  const slow = createKeyfold({ url: "https://keyfold.test", token: "kf_not_real", fetch }).tenant("acme");
  const before = slow.get("KEY");
  await slow.set("KEY", "after");
  const after = slow.get("KEY");
  while (arrive.length < 2) await new Promise((resolve) => setImmediate(resolve));
  arrive[1]!(answer(revealed("KEY", "after")));
  arrive[0]!(answer(revealed("KEY", "before")));
  expect([await before, await after, await slow.get("KEY")]).toEqual(["before", "after", "after"]);
});

test("a failure is everybody's who asked with it, and is not remembered", async () => {
  let fails = true;
  const { fetch, requests } = fakeFetch(() =>
    fails ? refusal("not_found", 404) : answer(revealed("KEY", "there now")),
  );
  const acme = createKeyfold({ url: "https://keyfold.test", token: "kf_not_real", fetch }).tenant("acme");
  const both = await Promise.allSettled([acme.get("KEY"), acme.get("KEY")]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(requests).toHaveLength(1);
  fails = false;
  expect(await acme.get("KEY")).toBe("there now");
});

test("where stale values may be given out, one is, once more, while it is asked for anew", async () => {
  const { acme, clock, requests } = client({ cache: { staleMs: 10_000 } });
  expect(await acme.get("KEY")).toBe("value 1");
  clock.move(30_000);
  expect([await acme.get("KEY"), await acme.get("KEY")]).toEqual(["value 1", "value 1"]);
  expect(requests).toHaveLength(2);
  await new Promise((resolve) => setImmediate(resolve));
  expect(await acme.get("KEY")).toBe("value 2");
  clock.move(40_000);
  expect(await acme.get("KEY")).toBe("value 3"); // too old to be given out
});
