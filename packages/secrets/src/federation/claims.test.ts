import fc from "fast-check";
import { expect, test } from "vitest";
import { claimRules, claimsFit, fits, openToAll } from "./claims.ts";

test.each([
  ["repo:acme/app", "repo:acme/app", true],
  ["repo:acme/app", "repo:acme/app2", false],
  ["repo:acme/app", "REPO:acme/app", false],
  ["repo:acme/*", "repo:acme/app", true],
  ["repo:acme/*", "repo:acme/app:ref:refs/heads/main", false],
  ["repo:acme/**", "repo:acme/app:ref:refs/heads/main", true],
  ["repo:acme*/app", "repo:acme-evil/app", true], // a star is a star: the owner is written out where it matters
  ["repo:*/app", "repo:a/b/app", false],
  ["refs/heads/release-*", "refs/heads/release-1.2", true],
  ["refs/heads/release-*", "refs/heads/release-1/x", false],
  ["*a*b*", "xaxbx", true],
  ["*a*b*", "xbxax", false],
  ["a.c", "abc", false],
  ["a**", "a", true],
  ["", "", true],
])("%s against %s: %s", (pattern, value, is) => {
  expect(fits(pattern, value)).toBe(is);
});

test("a pattern without a star is the value itself, and one with stars takes no longer for being nasty", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      const [plain, value] = [a.replaceAll("*", ""), b];
      expect(fits(plain, value)).toBe(plain === value);
    }),
  );
  expect(fits(`${"*a".repeat(200)}b`, "a".repeat(500))).toBe(false);
});

const payload = {
  sub: "repo:acme/app:ref:refs/heads/main",
  aud: ["keyfold", "other"],
  groups: ["a", "release"],
  count: 3,
  pinned: true,
  nested: { deep: "x" },
  "kubernetes.io": { namespace: "prod", serviceaccount: { name: "billing" } },
  "https://example.com/role": "ci",
};

test("every claim must be there and fit: text, numbers and truths by their spelling, lists by one of theirs, nested ones by a pointer", () => {
  for (const rules of [
    { sub: ["repo:acme/app:**"] },
    { groups: ["release"] },
    { count: ["3"], pinned: ["true"] },
    { "/kubernetes.io/namespace": ["prod"], "/kubernetes.io/serviceaccount/name": ["bill*"] },
    { "https://example.com/role": ["cd", "ci"] },
  ])
    expect(claimsFit(rules, payload), JSON.stringify(rules)).toBe(true);
  for (const rules of [
    { sub: ["repo:acme/app"] },
    { sub: ["repo:acme/app:**"], missing: ["**x"] },
    { groups: ["a,release"] },
    { nested: ["**x**"] },
    { nested: ["[object Object]"] },
    { toString: ["**n**"] },
    { "/constructor/name": ["Object"] },
    { "/groups/0": ["a"] },
    { "/kubernetes.io/serviceaccount": ["**b**"] },
  ])
    expect(claimsFit(rules as never, payload), JSON.stringify(rules)).toBe(false);
});

test("rules for claims are some, bounded, and none that fits anything", () => {
  for (const rules of [{ sub: "x" }, { sub: ["x", "y*"] }, { "/a/b": "1" }])
    expect(claimRules.safeParse(rules).success).toBe(true);
  const many = Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`c${i}`, "x"]));
  for (const rules of [
    {},
    [],
    null,
    "sub",
    { sub: "*" },
    { sub: "***" },
    { sub: [] },
    { sub: "" },
    { sub: 3 },
    { sub: "a\0b" },
    { "": "x" },
    JSON.parse('{"__proto__": "x"}'),
    many,
  ])
    expect(claimRules.safeParse(rules).success, JSON.stringify(rules)).toBe(false);
});

test.each([
  [{ sub: ["repo:acme/app:ref:refs/heads/main"] }, false],
  [{ sub: ["repo:acme/**"] }, false],
  [{ repository: ["acme/*"] }, false],
  [{ repository_owner_id: ["1234"] }, false],
  [{ sub: ["repo:*/app"] }, true],
  [{ sub: ["repo:acme*/app"] }, true],
  [{ sub: ["**:ref:refs/heads/main"] }, true],
  [{ sub: ["repo:acme/app", "repo:*/app"] }, true],
  [{ repository_owner: ["acme*"] }, true],
  [{ environment: ["production"] }, true],
  [{ ref: ["refs/heads/main"] }, true],
])("at an issuer that signs for everybody, %j lets in strangers: %s", (rules, open) => {
  const sentence = openToAll("https://token.actions.githubusercontent.com", rules);
  expect(sentence !== null).toBe(open);
  expect(openToAll("https://issuer.example.com", rules)).toBeNull();
});
