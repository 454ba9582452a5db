import {
  createCipheriv,
  createPublicKey,
  generateKeyPairSync,
  pbkdf2Sync,
  randomBytes,
  verify,
} from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { createTestDatabase, type TestDatabase } from "@keyfold/db/testing";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { commandLine, type Typed } from "../testing/command-line.ts";

const VALUE = "sk_test_not_a_real_key";
let served: Served;
let folder: string;
let token: string;
let count = 0;
beforeAll(async () => {
  served = await serveHouse();
});
afterAll(() => served.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-import-"));
  token = (await served.house.tenant(`team-${++count}`)).token!;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const keyfold = (line: string, given: Typed = {}) =>
  commandLine(line.split(" "), {
    ...given,
    env: { KEYFOLD_URL: served.url, KEYFOLD_TOKEN: token, ...given.env },
  });

test("a .env file is looked at, imported, compared and reported, with no value in anything that is said", async () => {
  const path = join(folder, ".env");
  await writeFile(path, `STRIPE_KEY=${VALUE}\nEMPTY=\n`);
  const dry = await keyfold(`import dotenv ${path} --dry-run -t team-${count}`);
  expect(dry).toMatchObject({ exit: 0, err: "" });
  expect(dry.out).toBe(
    "Read 2 from the .env file: 1 new, 0 the same, 0 with another value.\n\nWHERE  NAME   WHAT\nEMPTY  EMPTY  its value is empty, and is left out\n\nNothing was written: this was a dry run.\n",
  );
  expect((await keyfold("get STRIPE_KEY")).exit).toBe(1);

  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  await writeFile(join(folder, "key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
  const report = join(folder, "report.json");
  const said = await keyfold(
    `import dotenv ${path} -t team-${count} --report ${report} --sign ${join(folder, "key.pem")}`,
  );
  expect(said).toMatchObject({ exit: 0 });
  expect(said.out).toContain("Wrote 1. Compared 1 by value: 0 missing, 0 different.\nEverything came.\n");
  const text = await readFile(report);
  expect(JSON.parse(text.toString())).toMatchObject({ complete: true, changed: 1, compared: 1 });
  expect(
    verify(
      null,
      text,
      createPublicKey(publicKey.export({ type: "spki", format: "pem" })),
      await readFile(`${report}.sig`),
    ),
  ).toBe(true);
  expect(dry.out + said.out + text).not.toContain(VALUE);
  expect((await keyfold("get STRIPE_KEY")).out).toBe(VALUE);
});

test("a value that differs ends with exit code 1 and says how to settle it", async () => {
  await keyfold("set K", { piped: "old" });
  const path = join(folder, "secrets.json");
  await writeFile(path, JSON.stringify({ K: "new", L: "1" }));
  const refused = await keyfold(`import json ${path} -t team-${count}`);
  expect(refused.exit).toBe(1);
  expect(refused.out).toContain(
    "Nothing was written: 1 of these must be settled first (--on-difference overwrite or keep).",
  );
  expect((await keyfold(`import json ${path} -t team-${count} --on-difference overwrite`)).exit).toBe(0);
  expect((await keyfold("get K")).out).toBe("new");
});

test("another tenant's secrets, a broken map and a key that signs nothing are refused before anything is written", async () => {
  const path = join(folder, "secrets.csv");
  await writeFile(path, "tenant,name,value\nsomebody-else,K,1\n");
  expect(await keyfold(`import csv ${path}`)).toMatchObject({
    exit: 2,
    err: `This token is of the tenant team-${count}, and a secret goes to somebody-else. Name the tenant with --tenant, map it, or give its token with --tokens.\n`,
  });
  await writeFile(join(folder, "map.json"), '{"tenant":3}');
  expect((await keyfold(`import csv ${path} --map ${join(folder, "map.json")}`)).exit).toBe(2);
  await writeFile(
    join(folder, "map.json"),
    JSON.stringify({ tenants: { "somebody-else": `team-${count}` } }),
  );
  expect((await keyfold(`import csv ${path} --map ${join(folder, "map.json")} --sign ${path}`)).err).toMatch(
    /no Ed25519 private key/,
  );
  expect((await keyfold(`import csv ${path} --map ${join(folder, "map.json")}`)).exit).toBe(0);
  expect((await keyfold("get K")).out).toBe("1");
  expect((await keyfold(`import csv ${path} --tenants nobody`)).out).toContain(
    "the source has no tenant of this name",
  );
  expect(await keyfold(`import csv ${path} --versions 3`)).toMatchObject({ exit: 2, out: "" });
  expect((await keyfold("import dotenv")).err).toBe("Which file?\n");
  expect((await keyfold("import nowhere x")).exit).toBe(2);
});

test("an operator imports an old table over many tenants: they are made, and their first tokens are kept in a closed file", async () => {
  const old: TestDatabase = await createTestDatabase();
  const client = new pg.Client({ connectionString: old.superuserUrl });
  await client.connect();
  try {
    await client.query("CREATE EXTENSION IF NOT EXISTS pgcrypto");
    await client.query("CREATE TABLE tenant_secrets (tenant_id text, key_name text, encrypted_value text)");
    for (const tenant of ["Old Acme", "Old Globex"])
      await client.query(
        "INSERT INTO tenant_secrets SELECT $1, 'STRIPE_KEY', encode(encrypt($2, 'the old key 1234', 'aes'), 'base64')",
        [tenant, `${VALUE} of ${tenant}`],
      );
    const [key, tokens] = [join(folder, "old-key"), join(folder, "tokens.txt")];
    await writeFile(key, "the old key 1234\n");
    const env = { KEYFOLD_TOKEN: served.house.operatorToken, KEYFOLD_IMPORT_URL: old.superuserUrl };
    const line = `import pgcrypto --key-file ${key} --new-tokens ${tokens}`;
    expect(
      (
        await keyfold("import pgcrypto --dry-run", {
          env: { ...env, KEYFOLD_IMPORT_KEY: "the old key 1234" },
        })
      ).err,
    ).toMatch(/^There is no token for the tenant old-acme\./);
    const said = await keyfold(line, { env });
    expect(said).toMatchObject({ exit: 0, err: "" });
    expect(said.out).toContain("Everything came.");
    expect((await stat(tokens)).mode & 0o777).toBe(0o600);
    // Tenants are written several at once: their order is any.
    const lines = (await readFile(tokens, "utf8")).trimEnd().split("\n");
    const [, first] = lines.find((of) => of.startsWith("old-globex "))!.split(" ");
    expect((await served.house.as(first!).secrets.reveal({ name: "STRIPE_KEY" })).value).toBe(
      `${VALUE} of Old Globex`,
    );
    // Again, with the tokens that are there: nothing is changed.
    expect((await keyfold(line, { env })).out).toContain("0 new, 2 the same");
    await writeFile(key, "another old key.");
    expect((await keyfold(line, { env })).err).toMatch(/^Row 1 cannot be opened with this key\./);

    // A master key that was made from a passphrase.
    const [salt, nonce] = [randomBytes(16), randomBytes(12)];
    const cipher = createCipheriv(
      "aes-256-gcm",
      pbkdf2Sync("old fake passphrase", salt, 1000, 32, "sha256"),
      nonce,
    );
    const sealed = [nonce, cipher.update(VALUE), cipher.final(), cipher.getAuthTag()];
    await client.query("CREATE TABLE company_secrets (company_id text, key text, encrypted_value text)");
    await client.query("INSERT INTO company_secrets VALUES ('Old Acme', 'FROM_A_PASSPHRASE', $1)", [
      `${nonce.toString("hex")}:${sealed[1]!.toString("hex")}:${sealed[3]!.toString("hex")}`,
    ]);
    const company = (parameters: string) =>
      keyfold(`import company-secrets --tokens ${tokens} --pbkdf2 ${parameters}`, {
        env: { ...env, KEYFOLD_IMPORT_KEY: "old fake passphrase" },
      });
    expect((await company(`sha256:1000:${salt.toString("hex")}`)).out).toContain("Everything came.");
    expect((await company(`sha256:1001:${salt.toString("hex")}`)).err).toMatch(/^Row 1 cannot be opened/);
    expect((await company("sha256:1000:short")).err).toMatch(/^PBKDF2's parameters are HASH:ITERATIONS:SALT/);
  } finally {
    await client.end();
    await old.drop();
  }
});
