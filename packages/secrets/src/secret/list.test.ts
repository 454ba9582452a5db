import { afterAll, beforeAll, expect, test } from "vitest";
import { type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

async function tenantWith(slug: string, names: readonly string[]) {
  const { caller } = await house.tenant(slug);
  for (let i = 0; i < names.length; i += 500)
    await caller.secrets.setMany({ items: names.slice(i, i + 500).map((name) => ({ name, value: "x" })) });
  return caller;
}

test("a prefix finds exactly the names that start with it, whatever the characters mean elsewhere", async () => {
  const names = [
    "a",
    "a%",
    "a%b",
    "a_",
    "a_b",
    "ab",
    "aB",
    "A",
    "a\\",
    "a\\b",
    "db/main/URL",
    "db/main/KEY",
    "db/mainframe",
    "dbx",
    "é",
    "e\u0301",
    "é2",
    "ÿ",
    "\u0fff",
    "\ud7ff",
    "\ue000",
    "\uffff",
    "😀",
    "😀x",
    "😁",
    "\u{10ffff}",
    "\u{10ffff}\u{10ffff}",
    "z",
  ];
  const caller = await tenantWith("prefix", names);
  const prefixes = [
    ...names,
    "db/",
    "db/main/",
    "d",
    "e",
    "\u{10ffff}",
    "\ud83d\ude00",
    "nothing",
    "%",
    "_",
    "*",
    "'",
    '"',
  ];
  for (const prefix of prefixes) {
    const { secrets } = await caller.secrets.list({ prefix });
    const bytewise = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
    expect(
      secrets.map((s) => s.name),
      `prefix ${JSON.stringify(prefix)}`,
    ).toEqual(names.filter((name) => name.startsWith(prefix)).sort(bytewise));
  }
});

test("half a character is no prefix", async () => {
  const caller = await tenantWith("half", ["😀"]);
  expect(await codeOf(caller.secrets.list({ prefix: "\ud83d" }))).toBe("bad_input");
  expect(await codeOf(caller.secrets.list({ prefix: "a\0" }))).toBe("bad_input");
});

test("names that look alike are two names: nothing is normalized, and each comes back as it came", async () => {
  const caller = await tenantWith("twins", []);
  const [nfc, nfd] = ["caf\u00e9", "cafe\u0301"];
  await caller.secrets.create({ name: nfc, value: "composed" });
  await caller.secrets.create({ name: nfd, value: "decomposed" });
  expect((await caller.secrets.reveal({ name: nfc })).value).toBe("composed");
  expect((await caller.secrets.reveal({ name: nfd })).value).toBe("decomposed");
  expect((await caller.secrets.list({})).secrets.map((s) => s.name)).toEqual([nfd, nfc]);
});

test("names of 255 characters and odd words are taken, others are not", async () => {
  const caller = await tenantWith("names", []);
  const good = [
    "x".repeat(255),
    "😀".repeat(255),
    "__proto__",
    "constructor",
    "toString",
    "a/b/c",
    "a.b",
    "a b",
    "..a",
    "null",
  ];
  for (const name of good) {
    const made = await caller.secrets.create({ name, value: name });
    expect(made.name).toBe(name);
    expect((await caller.secrets.reveal({ name })).value).toBe(name);
  }
  const bad = [
    "",
    "x".repeat(256),
    "😀".repeat(256),
    "a\0b",
    "\ud800",
    "/a",
    "a/",
    "a//b",
    "a/../b",
    ".",
    "..",
    " a",
    "a ",
    "a\nb",
    "a\u2028b",
  ];
  for (const name of bad)
    expect(await codeOf(caller.secrets.create({ name, value: "x" })), JSON.stringify(name)).toBe("bad_input");
  const { results } = await caller.secrets.setMany({
    items: [
      { name: "__proto__", value: "new" },
      { name: "constructor", value: "new" },
    ],
  });
  expect(results.map((r) => [r.secret.name, r.secret.version])).toEqual([
    ["__proto__", 2],
    ["constructor", 2],
  ]);
});

test("tags of any allowed kind come back, and a key named __proto__ is refused by name", async () => {
  const caller = await tenantWith("tags", []);
  const tags = { constructor: "c", toString: "t", "a.b:c/d-e_f": "", x: "é".repeat(100) };
  expect((await caller.secrets.create({ name: "T", value: "x", tags })).tags).toEqual(tags);
  const polluted = JSON.parse('{"__proto__":"x"}');
  for (const bad of [
    polluted,
    { "": "x" },
    { "a b": "x" },
    { ["k".repeat(65)]: "x" },
    { a: "x".repeat(101) },
    { a: "\0" },
    [],
  ])
    expect(await codeOf(caller.secrets.update({ name: "T", tags: bad }))).toBe("bad_input");
  const many = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, "v"]));
  expect(await codeOf(caller.secrets.update({ name: "T", tags: many }))).toBe("bad_input");
});

test("pages follow one another without gap or double while secrets are made before, within and behind them", async () => {
  const old = Array.from({ length: 60 }, (_, i) => `K${String(i * 10).padStart(4, "0")}`);
  const caller = await tenantWith("pages", old);
  const seen: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; ; page++) {
    const { secrets, nextCursor } = await caller.secrets.list({ limit: 7, cursor });
    seen.push(...secrets.map((s) => s.name));
    await caller.secrets.setMany({
      items: [`A${page}`, `K${String(page * 70 + 5).padStart(4, "0")}`, `Z${page}`].map((name) => ({
        name,
        value: "x",
      })),
    });
    if (nextCursor === null) break;
    cursor = nextCursor;
  }
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen).toEqual([...seen].sort());
  expect(old.filter((name) => !seen.includes(name))).toEqual([]);
  expect(seen.some((name) => name.startsWith("Z"))).toBe(true);
});

test("one name in several environments is listed once for each, page by page", async () => {
  const caller = await tenantWith("several", []);
  for (const environment of ["dev", "staging", "prod"])
    await caller.secrets.set({ environment, name: "SAME", value: environment });
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await caller.secrets.list({ limit: 1, cursor });
    seen.push(...page.secrets.map((s) => s.environment.name));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(seen.sort()).toEqual(["dev", "prod", "staging"]);
  expect((await caller.secrets.list({ environment: "prod" })).secrets.map((s) => s.environment.name)).toEqual(
    ["prod"],
  );
});

test("lists hold metadata and no value", async () => {
  const caller = await tenantWith("metadata", []);
  await caller.secrets.set({ name: "K", value: "sk_test_not_a_real_key" });
  const text = JSON.stringify([
    await caller.secrets.list({}),
    await caller.versions.list({ id: (await caller.secrets.get({ name: "K" })).id }),
  ]);
  expect(text).not.toContain("sk_test_not_a_real_key");
  expect(text).not.toContain(Buffer.from("sk_test_not_a_real_key").toString("base64").slice(0, 12));
});
