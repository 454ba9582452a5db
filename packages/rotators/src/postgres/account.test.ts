import { SecretValue } from "@keyfold/envelope";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Account, readAccount, writeAccount } from "./account.ts";

const account: Account = {
  host: "db.example",
  port: 5432,
  database: "shop",
  user: "app",
  password: "not-a-real-password",
  sslmode: "verify-full",
};

test("an account is read back as it was written, whatever its parts hold", () => {
  const text = fc.string({ minLength: 1, maxLength: 60, unit: "grapheme-ascii" });
  const name = text.filter((of) => of !== "." && of !== "..");
  fc.assert(
    fc.property(text, text, name, fc.constantFrom("url", "json"), (user, password, database, format) => {
      const one = { ...account, user, password, database };
      expect(readAccount(SecretValue.ofText(writeAccount(one, format)))).toEqual(one);
    }),
  );
});

test("an address of IPv6 keeps its brackets in a URL only", () => {
  const one = { ...account, host: "::1" };
  expect(writeAccount(one, "url")).toContain("@[::1]:5432/");
  expect(readAccount(SecretValue.ofText(writeAccount(one, "url")))).toEqual(one);
});

test("what a connection string leaves out is PostgreSQL's port and a verified certificate", () => {
  expect(readAccount(SecretValue.ofText("postgres://app:not-a-real-password@db.example/shop"))).toEqual(
    account,
  );
});

test.each([
  "",
  "text",
  "{",
  "{}",
  `{"host":"db.example","database":"..","user":"app","password":"not-a-real-password"}`,
  "mysql://app:pw@db.example/shop",
  "postgres://app@db.example/shop",
  "postgres://app:pw@db.example",
  "postgres://app:pw@%2Fvar%2Frun/shop",
  "postgres://app:pw@db.example/shop?host=/var/run/postgresql",
  "postgres://app:pw@db.example/shop?sslkey=/etc/shadow",
  "postgres://app:pw@db.example/shop?sslmode=prefer",
  "postgres://app:%E0%A4%A@db.example/shop",
  "postgres://app:pw@db.example:0/shop",
  '{"host":"/var/run/postgresql","database":"shop","user":"app","password":"pw"}',
  '{"host":"db.example","database":"shop","user":"app","password":"pw","ssl":{"key":"/etc/shadow"}}',
])("what is no account, or would lead a driver to a file, is none: %j", (text) => {
  expect(readAccount(SecretValue.ofText(text))).toBeNull();
});
