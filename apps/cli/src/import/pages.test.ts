import { execFile } from "node:child_process";
import { createCipheriv, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { createTestDatabase, type TestDatabase } from "@keyfold/db/testing";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { commandLine } from "../testing/command-line.ts";
import { typePage } from "../testing/page.ts";

const PAGES = new URL("../../../../docs/migrate/", import.meta.url);
const VALUE = "sk_test_not_a_real_key";
let served: Served;
let old: TestDatabase;
let database: pg.Client;
let folder: string;
let slug: string;
let token: string;
let count = 0;
beforeAll(async () => {
  [served, old] = await Promise.all([serveHouse(), createTestDatabase()]);
  database = new pg.Client({ connectionString: old.superuserUrl });
  await database.connect();
  await database.query("CREATE EXTENSION IF NOT EXISTS pgcrypto");
  folder = await mkdtemp(join(tmpdir(), "keyfold-pages-"));
});
afterAll(async () => {
  await database.end();
  await old.drop();
  await served.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  slug = `page-${++count}`;
  token = (await served.house.tenant(slug)).token!;
});
const value = async (name: string) => (await served.house.as(token).secrets.reveal({ name })).value;
const file = (name: string, text: string) => writeFile(join(folder, name), text);

const typed = (page: string) =>
  typePage(new URL(page, PAGES), {
    folder,
    env: { KEYFOLD_URL: served.url, KEYFOLD_TOKEN: token },
    set: { KEYFOLD_IMPORT_URL: old.superuserUrl },
  });

test("docs/migrate/files.md goes word for word", async () => {
  await file(".env", `FROM_DOTENV='${VALUE}'\n`);
  await file("secrets.json", JSON.stringify({ api: { FROM_JSON: VALUE } }));
  await file("secrets.yaml", `FROM_YAML: ${VALUE}\n`);
  await file("secrets.csv", `key_name,secret\nFROM_CSV,${VALUE}\n`);
  const said = await typed("files.md");
  expect(said).toHaveLength(5);
  for (const { line, exit, out } of said)
    expect([line, exit, out]).toEqual([
      line,
      0,
      expect.stringContaining(line.includes("--dry-run") ? "this was a dry run" : "Wrote 1. "),
    ]);
  for (const name of ["FROM_DOTENV", "api/FROM_JSON", "FROM_YAML", "FROM_CSV"])
    expect(await value(name)).toBe(VALUE);
});

test("docs/migrate/pgcrypto.md goes word for word, and its report is checked by the sentence in the README", async () => {
  await database.query("CREATE TABLE tenant_secrets (tenant_id text, key_name text, encrypted_value text)");
  await database.query("CREATE TABLE vault (owner text, label text, secret bytea)");
  await database.query(
    "INSERT INTO tenant_secrets SELECT $1, 'OLD', encode(encrypt($2, 'the old key 1234', 'aes'), 'base64')",
    [slug, VALUE],
  );
  await database.query("INSERT INTO vault SELECT $1, 'OLDER', pgp_sym_encrypt($2, 'old fake passphrase')", [
    slug,
    VALUE,
  ]);
  await file("old-key", "the old key 1234\n");
  await file("old-passphrase", "old fake passphrase\n");
  const said = await typed("pgcrypto.md");
  expect(said.map(({ line, exit }) => [line, exit])).toEqual(said.map(({ line }) => [line, 0]));
  expect([said.length, await value("OLD"), await value("OLDER")]).toEqual([3, VALUE, VALUE]);

  // Signed, and checked with the README's own command.
  const openssl = (...argv: string[]) => promisify(execFile)("openssl", argv, { cwd: folder });
  await openssl("genpkey", "-algorithm", "ed25519", "-out", "key.pem");
  await openssl("pkey", "-in", "key.pem", "-pubout", "-out", "key.pub");
  const argv = [
    "import",
    "pgcrypto",
    "--key-file",
    join(folder, "old-key"),
    "--report",
    join(folder, "report.json"),
  ];
  const env = { KEYFOLD_URL: served.url, KEYFOLD_TOKEN: token, KEYFOLD_IMPORT_URL: old.superuserUrl };
  expect((await commandLine([...argv, "--sign", join(folder, "key.pem")], { env })).exit).toBe(0);
  const [, check] = /`openssl (pkeyutl [^`]*)`/.exec(
    (await readFile(new URL("README.md", PAGES), "utf8")).replaceAll("\n", " "),
  )!;
  expect((await openssl(...check!.split(" "))).stdout).toContain("Verified Successfully");
  await file("report.json", (await readFile(join(folder, "report.json"), "utf8")).replace("true", "true "));
  await expect(openssl(...check!.split(" "))).rejects.toThrow("Command failed");
});

test("docs/migrate/company-secrets.md goes word for word", async () => {
  const [key, nonce] = [randomBytes(32), randomBytes(12)];
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const sealed = Buffer.concat([cipher.update(VALUE), cipher.final()]);
  await database.query("CREATE TABLE company_secrets (company_id int, key text, encrypted_value text)");
  await database.query("INSERT INTO company_secrets VALUES (42, 'OLD', $1)", [
    [nonce, sealed, cipher.getAuthTag()].map((part) => part.toString("hex")).join(":"),
  ]);
  await file("master-key", `${key.toString("hex")}\n`);
  await file("map.json", JSON.stringify({ tenants: { "42": slug } }));
  const said = await typed("company-secrets.md");
  expect(said.map(({ exit }) => exit)).toEqual([0, 0]);
  expect(await value("OLD")).toBe(VALUE);
});
