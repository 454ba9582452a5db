import { createCipheriv, randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Entry, Source } from "../entry.ts";
import { importSecrets } from "../import.ts";
import { type Into, openInto } from "../testing/keyfold.ts";
import { type OldDatabase, oldDatabase } from "../testing/old-database.ts";
import { companySecretsSource } from "./company-secrets.ts";
import { paddedKey, pgcryptoSource } from "./pgcrypto.ts";
import { pgpSource } from "./pgp.ts";

const VALUE = "sk_test_not_a_real_key";
let old: OldDatabase;
let into: Into;
beforeAll(async () => {
  [old, into] = [await oldDatabase(), await openInto()];
});
afterAll(async () => {
  await old.close();
  await into.close();
});
beforeEach(async () => {
  await old.sql("DROP TABLE IF EXISTS tenant_secrets, company_secrets, vault");
});

async function all(source: Source): Promise<Entry[]> {
  const found: Entry[] = [];
  for await (const entry of source.read()) found.push(entry);
  return found;
}
const texts = async (source: Source) =>
  (await all(source)).map(({ tenant, name, value }) => [tenant, name, value.unsafelyText()]);

async function tenantSecrets(key: string | Buffer, values: Record<string, string>): Promise<void> {
  await old.sql(
    "CREATE TABLE IF NOT EXISTS tenant_secrets (tenant_id text, key_name text, encrypted_value text)",
  );
  for (const [name, value] of Object.entries(values))
    await old.sql(
      "INSERT INTO tenant_secrets SELECT 'acme', $1, encode(encrypt(convert_to($2, 'UTF8'), $3::bytea, 'aes'), 'base64')",
      [name, value, Buffer.from(key)],
    );
}

test.each([1, 15, 16, 17, 24, 31, 32])(
  "what pgcrypto's encrypt() wrote with a key of %i bytes opens",
  async (length) => {
    const key = Buffer.alloc(length, "key of the old system, no secret");
    await tenantSecrets(key, { SHORT: "x", LONG: "é".repeat(200), EMPTY: "" });
    expect(await texts(pgcryptoSource({ url: old.url, key }))).toEqual([
      ["acme", "EMPTY", ""],
      ["acme", "LONG", "é".repeat(200)],
      ["acme", "SHORT", "x"],
    ]);
  },
);

test("A9: a pgcrypto table is imported with its old key, and a report says that all of it came", async () => {
  await tenantSecrets("0123456789abcdef", { STRIPE_KEY: VALUE, SENDGRID: "SG.fake" });
  await old.sql("INSERT INTO tenant_secrets SELECT 'globex', key_name, encrypted_value FROM tenant_secrets");
  const source = pgcryptoSource({ url: old.url, key: Buffer.from("0123456789abcdef") });
  const result = await importSecrets({ source, client: into.client, mapping: {} });
  expect(result).toMatchObject({ complete: true, verified: { secrets: 4, compared: 4 } });
  expect([...result.plan.tenants]).toEqual([
    ["acme", 2],
    ["globex", 2],
  ]);
  expect(await into.value("globex", "STRIPE_KEY")).toBe(VALUE);
  expect(JSON.stringify([result, [...result.plan.tenants]])).not.toContain(VALUE);
});

test("the wrong old key is refused at the first row, and nothing is written", async () => {
  await tenantSecrets(
    "0123456789abcdef",
    Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`K${i}`, `${VALUE} ${i}`])),
  );
  const source = pgcryptoSource({ url: old.url, key: Buffer.from("another key 6789") });
  await expect(
    importSecrets({ source, client: into.client, mapping: { tenant: "untouched" } }),
  ).rejects.toThrow(
    /^Row [12] cannot be opened with this key\. Is it the old key, byte for byte\? Nothing was written\.$/,
  );
  await expect(into.value("untouched", "K0")).rejects.toMatchObject({ code: "not_found" });
  for (const key of [Buffer.alloc(0), Buffer.alloc(33)])
    expect(() => paddedKey(key)).toThrow("1 to 32 bytes");
});

test("the old key is in no statement that the old database saw", async () => {
  const key = "the-old-key-1234";
  await tenantSecrets("unrelated", {});
  await old.sql("CREATE EXTENSION IF NOT EXISTS pgcrypto");
  await all(pgcryptoSource({ url: old.url, key: Buffer.from(key) }));
  const seen = await old.sql<{ query: string }>(
    "SELECT query FROM pg_stat_activity WHERE query LIKE '%' || $1 || '%' AND pid <> pg_backend_pid()",
    [key],
  );
  expect(seen).toEqual([]);
});

test("C9: company_secrets opens with its master key; another key or a changed row is refused by its number", async () => {
  const key = randomBytes(32);
  const seal = (value: string, nonceBytes = 12) => {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv("aes-256-gcm", key, nonce);
    const sealed = Buffer.concat([cipher.update(value, "utf8"), cipher.final()]);
    return [nonce, sealed, cipher.getAuthTag()].map((part) => part.toString("hex")).join(":");
  };
  await old.sql("CREATE TABLE company_secrets (company_id int, key text, encrypted_value text)");
  await old.sql("INSERT INTO company_secrets VALUES (7, 'A', $1), (7, 'B', $2), (8, 'A', $3)", [
    seal(VALUE),
    seal("", 16),
    seal("é"),
  ]);
  const source = companySecretsSource({ url: old.url, key });
  expect(await texts(source)).toEqual([
    ["7", "A", VALUE],
    ["7", "B", ""],
    ["8", "A", "é"],
  ]);
  const result = await importSecrets({
    source,
    client: into.client,
    mapping: { tenants: { "7": "seven", "8": "eight" } },
  });
  expect(result.complete).toBe(true);
  expect(await into.value("seven", "A")).toBe(VALUE);
  await expect(all(companySecretsSource({ url: old.url, key: randomBytes(32) }))).rejects.toThrow(
    /^Row 1 cannot be opened/,
  );
  await old.sql(
    "UPDATE company_secrets SET encrypted_value = overlay(encrypted_value PLACING 'ff' FROM 30) WHERE company_id = 7 AND key = 'A'",
  );
  await expect(all(source)).rejects.toThrow(
    /^Row 1 cannot be opened: this is not its key, or it was changed/,
  );
  await old.sql("UPDATE company_secrets SET encrypted_value = 'plain'");
  await expect(all(source)).rejects.toThrow("Row 1 is no nonce:ciphertext:tag in hex.");
  expect(() => companySecretsSource({ url: old.url, key: Buffer.alloc(16) })).toThrow("32 bytes");
});

test("what pgp_sym_encrypt() wrote opens with its passphrase, and with no other", async () => {
  await old.sql("CREATE TABLE vault (owner text, label text, secret bytea)");
  for (const options of ["cipher-algo=aes256", "compress-algo=1", "s2k-mode=3"])
    await old.sql("INSERT INTO vault VALUES ('acme', $1, pgp_sym_encrypt($2, $3, $1))", [
      options,
      `${VALUE} é`,
      "old passphrase",
    ]);
  const table = { table: "public.vault", tenant: "owner", name: "label", value: "secret" };
  const source = pgpSource({ url: old.url, passphrase: "old passphrase", table });
  expect((await texts(source)).map(([, , value]) => value)).toEqual(Array(3).fill(`${VALUE} é`));
  await expect(all(pgpSource({ url: old.url, passphrase: "wrong", table }))).rejects.toThrow(
    /^Row 1 cannot be opened with this passphrase/,
  );
});

test("a table, a column or a database that is not there is said in words, and names are no way into SQL", async () => {
  const key = Buffer.alloc(16, 1);
  const told = (table: object, url = old.url) =>
    all(pgcryptoSource({ url, key, table })).catch((error: Error) => error.message);
  expect(await told({})).toBe("There is no table tenant_secrets that this role may see.");
  await tenantSecrets(key, {});
  expect(await told({ name: "nothing" })).toBe(
    "The table tenant_secrets lacks one of the columns that are asked for.",
  );
  expect(await told({ table: 'x"; DROP TABLE tenant_secrets; --' })).toMatch(/^The table's name is none/);
  expect(await told({ value: "value; --" })).toMatch(/^A column's name/);
  const url = new URL(old.url);
  url.password = "wrong-password-not-a-secret";
  url.port = "1";
  expect(await told({}, url.href)).toBe("The old database cannot be read (ECONNREFUSED).");
});
