import { afterAll, beforeAll, expect, test } from "vitest";
import { type Served, serveHouse } from "../testing/index.ts";
import { isKnown, tagged, taggedInTurn } from "./entity-tag.ts";

const VALUE = "sk_test_not_a_real_key";
let served: Served;
let token: string;
beforeAll(async () => {
  served = await serveHouse();
  ({ token } = await served.house.tenant("acme"));
});
afterAll(() => served.close());

const get = (path: string, tag?: string) =>
  served.call(path, { token, headers: tag === undefined ? {} : { "if-none-match": tag } });

test("a read has an entity tag, and who holds it already is answered 304 without the value, until a new version", async () => {
  const { caller } = await served.house.tenant("tagged");
  const { token: own } = await caller.tokens.create({ name: "reader", preset: "reader" });
  const { secret } = await caller.secrets.set({ name: "K", value: VALUE });
  const read = (path: string, headers: Record<string, string> = {}) =>
    served.call(path, { token: own!, headers });
  for (const path of [
    `/api/secrets/${secret.id}`,
    "/api/reveal?name=K",
    `/api/secrets/${secret.id}/versions/1`,
  ]) {
    const first = await read(path);
    const tag = first.headers.get("etag")!;
    expect([first.status, tag]).toEqual([200, expect.stringMatching(/^"[\w-]{22}"$/)]);
    const again = await read(path, { "if-none-match": `"another", W/${tag}` });
    expect([again.status, again.text, again.headers.get("etag")]).toEqual([304, "", tag]);
    expect(again.headers.get("cache-control")).toBe("no-store");
    expect((await read(path, { "if-none-match": '"another"' })).json.value).toBe(VALUE);
  }
  const tag = (await read("/api/reveal?name=K")).headers.get("etag")!;
  const before = await caller.audit.list({ action: "secret.accessed" });
  expect((await read("/api/reveal?name=K", { "if-none-match": tag })).status).toBe(304);
  // What opened the value is told, whether or not it left.
  expect((await caller.audit.list({ action: "secret.accessed" })).events.length).toBe(
    before.events.length + 1,
  );
  await caller.secrets.set({ name: "K", value: "sk_test_another" });
  const next = await read("/api/reveal?name=K", { "if-none-match": tag });
  expect([next.status, next.json.value]).toEqual([200, "sk_test_another"]);
  expect(next.headers.get("etag")).not.toBe(tag);
});

test("a tag is no way around a right: who may not read is refused, whatever it names", async () => {
  const other = await served.house.tenant("stranger");
  await served.house.as(token).secrets.set({ name: "MINE", value: VALUE });
  const headers = { "if-none-match": "*" };
  expect(
    (await served.call("/api/reveal?name=MINE&tenant=acme", { token: other.token, headers })).status,
  ).toBe(404);
  expect((await served.call("/api/reveal?name=MINE", { token: null, headers })).status).toBe(401);
});

test("a tag says nothing of a value, and lists and what an upstream gave have none", async () => {
  const seen = { id: "1", version: 3, value: "one", encoding: "utf8" };
  const tagOf = (answer: object) => tagged({ ...answer }).tag;
  expect(tagOf({ ...seen, value: "other" })).toBe(tagOf(seen));
  expect(tagOf({ ...seen, version: 4 })).not.toBe(tagOf(seen));
  expect(tagOf({ ...seen, id: "2" })).not.toBe(tagOf(seen));
  expect(tagOf({ ...seen, version: 0, upstream: "old" })).toBeNull();
  expect((await get("/api/secrets")).headers.get("etag")).toBeNull();
});

test("a tagged answer's body says what the answer does, whatever its value is made of", () => {
  for (const answer of [
    { id: "1", version: 3, value: 'quotes " and \\, } and \u2028', encoding: "utf8" },
    { value: "", id: "1", version: 3, upstream: null },
    { id: "1", version: 3, name: "no value" },
    { id: "1", version: 0, value: "x", upstream: "old" },
    { secrets: [] },
    null,
  ])
    expect(JSON.parse(tagged(structuredClone(answer)).body)).toEqual(answer);
});

test("answers to one question, one after the other, are written as each would be by itself", () => {
  const rename = (output: unknown) => ({ ...(output as object), created_at: "then", createdAt: undefined });
  const one = { id: "1", version: 3, value: "one", encoding: "utf8", openUntil: null, createdAt: "then" };
  const written = taggedInTurn(rename);
  const without = { ...one, value: undefined };
  for (const answer of [
    one,
    { ...one, value: 'two "and" \u2028' },
    { ...one, version: 4 },
    { ...one, version: 4, openUntil: "later" },
    { ...one, version: 4 },
    { ...one, version: 4, more: 1 },
    { ...one, version: 0, upstream: "old" },
    one,
    { ...one, encoding: undefined },
    without,
    { ...one, tags: { a: 1 } },
    { ...one, tags: { a: 2 } },
    one,
  ])
    expect(written({ ...answer })).toEqual(tagged(rename(answer)));
});

test("tags are compared as RFC 9110 has it", () => {
  for (const [header, known] of [
    [undefined, false],
    ["", false],
    ['"a"', true],
    ['W/"a"', true],
    ['"b", "a"', true],
    ["*", true],
    ['"b"', false],
    ["a", false],
  ] as const)
    expect([header, isKnown(header, '"a"')]).toEqual([header, known]);
});
