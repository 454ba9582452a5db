import { expect, test } from "vitest";
import { differencesOf, type Plain } from "./differences.ts";

const text = (value: string): Plain => ({ value, encoding: "utf8" });
const between = (a: string, b: string) => differencesOf(text(a), text(b));
const UNNAMED = { same: false, parts: null, unchanged: 0 };

test("objects are compared part by part, whatever the order of their keys", () => {
  const before = { user: "app", password: "fake_1", pool: { max: 5, min: 1 }, hosts: ["a", "b"], old: true };
  const after = { hosts: ["a", "b"], pool: { min: 1, max: 9 }, password: "fake_2", user: "app", tls: {} };
  expect(between(JSON.stringify(before), JSON.stringify(after, null, 2))).toEqual({
    same: false,
    parts: [
      { key: "old", sign: "removed" },
      { key: "password", sign: "changed" },
      { key: "pool.max", sign: "changed" },
      { key: "tls", sign: "added" },
    ],
    unchanged: 3,
  });
  // Written differently, and the same: no part differs, and the bytes do.
  expect(between('{"a": 1, "b": [{"c": 1, "d": 2}]}', '{"b":[{"d":2,"c":1}],"a":1}')).toEqual({
    same: false,
    parts: [],
    unchanged: 2,
  });
  expect(between('{"a": null}', '{"a": "null"}').parts).toEqual([{ key: "a", sign: "changed" }]);
  // A key with a dot in it is not a way of two keys.
  expect(between('{"a.b": 1, "a": {"b": 2}}', '{"a.b": 2, "a": {"b": 1}}').parts).toEqual([
    { key: '"a.b"', sign: "changed" },
    { key: "a.b", sign: "changed" },
  ]);
  expect(between('{"__proto__": 1}', '{"__proto__": 2}').parts).toEqual([
    { key: "__proto__", sign: "changed" },
  ]);
});

test("numbers that JavaScript takes for one another differ as they are written", () => {
  expect(between('{"id": 12345678901234567890}', '{"id": 12345678901234567891}').parts).toEqual([
    { key: "id", sign: "changed" },
  ]);
});

test("variables are compared one by one; comments and quotes do not count", () => {
  const before = "# the shop\nURL=https://db.invalid\nKEY=fake_1\nOLD=1\nEMPTY=";
  const after = 'export KEY="fake_2"\nURL=https://db.invalid\nEMPTY=\nNEW=1';
  expect(between(before, after)).toEqual({
    same: false,
    parts: [
      { key: "KEY", sign: "changed" },
      { key: "NEW", sign: "added" },
      { key: "OLD", sign: "removed" },
    ],
    unchanged: 2,
  });
});

test.each([
  ["a line that ends in =", "c2VjcmV0X2E=", "c2VjcmV0X2I="],
  [
    "a key in lines",
    "-----BEGIN FAKE KEY-----\nYQ==\n-----END FAKE KEY-----",
    "-----BEGIN FAKE KEY-----\nYg==\n-----END FAKE KEY-----",
  ],
  ["lines of base64", "YWFh\nYmJi\nYQ==", "YWFh\nYmJi\nYg=="],
  ["lines of which some name nothing", "A=1\nB=2\nnot a variable", "A=1\nB=3\nnot a variable"],
  ["a text that looks like an object", "{A=1\nB=2", "{A=1\nB=3"],
  ["a list", '["a"]', '["b"]'],
  ["a string", '"a"', '"b"'],
  ["two forms", '{"A": "1", "B": "2"}', "A=1\nB=2"],
  ["nothing", "", "A=1\nB=2"],
])("of %s only that it differs is told: no part of a value is taken for a name", (_, a, b) => {
  expect(between(a, b)).toEqual(UNNAMED);
});

test("the same bytes are the same, however they came", () => {
  expect(between("same", "same")).toEqual({ same: true, parts: null, unchanged: 0 });
  expect(differencesOf(text("AB"), { value: btoa("AB"), encoding: "base64" }).same).toBe(true);
  expect(differencesOf(text("AB"), { value: btoa("AC"), encoding: "base64" })).toEqual(UNNAMED);
});
