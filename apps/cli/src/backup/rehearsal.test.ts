import { randomBytes } from "node:crypto";
import { appendFile, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Host, openHost } from "@keyfold/api/host";
import { withTenant } from "@keyfold/db";
import { createTestDatabase, type TestDatabase } from "@keyfold/db/testing";
import { localRootKey } from "@keyfold/envelope";
import { encodeCheckpointLine } from "@keyfold/ledger";
import { recipientFingerprint } from "@keyfold/recovery";
import { callerOf, codeOf, type House, openHouse } from "@keyfold/secrets/testing";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { commandLine, type Said } from "../testing/command-line.ts";

/*
 * The rehearsal: a deployment with tenants, secrets and versions is backed up; on a machine with no database and no root key
 * it is restored, and every value is compared.
 */

const bytes = randomBytes(32);
let folder: string;
let house: House;
let recipient: string;
let hosts: Host[];
let databases: TestDatabase[];
/** The lines that were journaled. */
let journal: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-rehearsal-"));
  hosts = [];
  databases = [];
  journal = "";
  house = await openHouse({
    provider: localRootKey(Buffer.from(bytes)),
    waits: { purgeSeconds: 0 },
    journal: {
      async append(lines) {
        journal += lines;
      },
    },
  });
  recipient = (
    await commandLine(["keys", "recovery-identity", "--file", "identity.txt"], { cwd: folder })
  ).out.trim();
});
afterEach(async () => {
  for (const host of hosts) await host.close();
  for (const database of databases) await database.drop();
  await house.close();
  await rm(folder, { recursive: true, force: true });
});

/** The machine that everything ran on. */
const before = () => ({
  DATABASE_URL: house.database.url,
  KEYFOLD_MIGRATION_URL: house.database.ownerUrl,
  KEYFOLD_ROOT_KEY: bytes.toString("base64"),
});
/** One that holds nothing. */
const after = (name = "after") => ({
  KEYFOLD_MODE: "production",
  KEYFOLD_EMBEDDED_DATABASE: "1",
  KEYFOLD_DATA_DIR: join(folder, name),
  KEYFOLD_ROOT_KEY_FILE: join(folder, `${name}-root-key`),
});
/** The same with a database that somebody else runs, and that holds nothing. */
async function elsewhere(): Promise<Record<string, string>> {
  const database = await createTestDatabase();
  databases.push(database);
  return {
    DATABASE_URL: database.url,
    KEYFOLD_MIGRATION_URL: database.ownerUrl,
    KEYFOLD_ROOT_KEY_FILE: join(folder, "after-root-key"),
  };
}
const keyfold = (argv: string[], env: Record<string, string>): Promise<Said> =>
  commandLine(argv, { env, cwd: folder });
const make = (out = "all.backup") => keyfold(["backup", "make", "--out", out, "--to", recipient], before());
const restore = (more: string[] = [], env: Record<string, string> = after(), file = "all.backup") =>
  keyfold(["backup", "restore", file, "--identity", "identity.txt", ...more], env);
async function open(env: Record<string, string> = after()): Promise<Host> {
  const host = await openHost(env, folder);
  hosts.push(host);
  return host;
}

/** Tenants with secrets of several versions each, one of them revoked and one destroyed. */
async function furnish() {
  const values = new Map<string, { token: string; id: string; version: number; value: string }>();
  const tokens = new Map<string, string>();
  for (const slug of ["acme", "globex", "initech"]) {
    const { token, caller } = await house.tenant(slug);
    tokens.set(slug, token);
    for (const name of ["STRIPE_KEY", "ünïcode/\\N name", "BINARY"]) {
      const { id } = await caller.secrets.create({
        name,
        description: "tab\there, backslash \\N here",
        value: `${slug} ${name} one\n\\.\n\ttwo`,
      });
      await caller.secrets.rotate({ id, value: `${slug} ${name} two`, graceSeconds: 86_400 });
      for (const version of [1, 2])
        values.set(`${slug} ${name} ${version}`, {
          token,
          id,
          version,
          value: (await caller.versions.reveal({ id, version })).value,
        });
    }
    const { id } = await caller.secrets.create({ name: "REVOKED", value: "never again" });
    await caller.versions.revoke({ id, version: 1, reason: "leaked" });
  }
  return { values, tokens };
}

async function compare(host: Host, values: Awaited<ReturnType<typeof furnish>>["values"]): Promise<void> {
  for (const [name, { token, id, version, value }] of values)
    expect((await callerOf(host.keyfold, token).versions.reveal({ id, version })).value, name).toBe(value);
}

test("dump, wipe, restore: on an empty machine every value opens again, and the logs say what happened", async () => {
  const { values, tokens } = await furnish();
  await house.server.makeCheckpoint();
  expect(await make()).toMatchObject({ exit: 0, out: "all.backup\n" });
  const sealed = await readFile(join(folder, "all.backup"));
  // None so short that random bytes could spell it.
  for (const plain of ["initech", "STRIPE_KEY", bytes.toString("base64url"), "keyfold backup"])
    expect(sealed.includes(plain), plain).toBe(false);
  expect((await stat(join(folder, "all.backup"))).mode & 0o777).toBe(0o600);
  const checked = await keyfold(["backup", "verify", "all.backup", "--identity", "identity.txt"], {});
  expect(checked).toMatchObject({ exit: 0, out: expect.stringMatching(/^Whole\. Deployment /) });

  const restored = await restore();
  expect(restored).toMatchObject({ exit: 0 });
  expect(restored.out).toMatch(/^Restored as of .* The server may start\.\n$/);
  expect((await stat(join(folder, "after-root-key"))).mode & 0o777).toBe(0o600);
  const host = await open();
  expect(host.keyfold.deployment.id).toBe(house.server.deployment.id);
  await compare(host, values);
  expect(await codeOf(callerOf(host.keyfold, tokens.get("acme")!).secrets.reveal({ name: "REVOKED" }))).toBe(
    "secret_empty",
  );
  // What is written afterwards works, and the logs go on.
  await callerOf(host.keyfold, tokens.get("acme")!).secrets.set({ name: "NEW", value: "after the restore" });
  const operator = callerOf(host.keyfold, house.operatorToken);
  const { events } = await operator.audit.list({ deployment: true, action: "deployment" });
  // That the backup began was told before anything left: the backup itself knows it.
  expect(events).toMatchObject([
    { action: "deployment.restored", details: { checkpointSize: 1 } },
    {
      action: "deployment.backup_begun",
      target: { type: "backup" },
      details: { recipients: recipientFingerprint(recipient) },
    },
  ]);
  expect((await operator.audit.list({ tenant: "globex", action: "deployment" })).events).toHaveLength(1);
  expect(host.keyfold.publicKey).toBe(house.server.publicKey);
  const read = await operator.audit.checkpoint({ deployment: true });
  expect(read.checkpoint!.note).toMatch(/^keyfold\/[0-9a-f-]{36}\/[0-9a-f-]{36}\n1\n/);

  // There is something now: the same again is refused.
  await hosts.pop()!.close();
  expect(await restore()).toMatchObject({
    exit: 1,
    err: expect.stringContaining("This database holds a deployment already."),
  });
}, 120_000);

test("what was refused after the backup is refused again, and what the backup lacks is counted", async () => {
  const { values, tokens } = await furnish();
  const acme = callerOf(house.server, tokens.get("acme")!);
  const operator = callerOf(house.server, house.operatorToken);
  const revokedBefore = await acme.tokens.create({ name: "before", preset: "reader" });
  await acme.tokens.revoke({ id: revokedBefore.details.id });
  const doomed = await acme.tokens.create({ name: "doomed", preset: "reader" });
  const secret = values.get("acme STRIPE_KEY 2")!.id;
  const gone = values.get("globex STRIPE_KEY 2")!.id;
  const globex = callerOf(house.server, tokens.get("globex")!);
  const undeleted = values.get("globex BINARY 2")!.id;
  await globex.secrets.delete({ id: undeleted });
  await make();

  await acme.tokens.revoke({ id: doomed.details.id });
  await acme.versions.destroy({ id: secret, version: 1, reason: "leaked" });
  await acme.versions.revoke({ id: secret, version: 2, reason: "leaked" });
  await globex.secrets.delete({ id: gone });
  await globex.secrets.restore({ id: undeleted });
  const { id: initech } = await operator.tenants.get({ tenant: "initech" });
  await operator.tenants.delete({ tenant: "initech" });
  await operator.tenants.purge({ tenant: initech, confirm: "initech" });
  const late = await acme.tokens.create({ name: "made after the backup" });
  await acme.tokens.revoke({ id: late.details.id });
  await house.server.makeCheckpoint();
  const newest = (await house.server.newestCheckpoint())!;
  await writeFile(join(folder, "checkpoints"), encodeCheckpointLine(newest, newest.heads, null));
  await writeFile(join(folder, "journal"), journal);
  await appendFile(join(folder, "journal"), `${"0".repeat(64)} {"v":1,"action":"secret.restored"}\ncut o`);

  const machine = await elsewhere();
  const said = await restore(["--journal", "journal", "--checkpoints", "checkpoints"], machine);
  expect(said).toMatchObject({ exit: 0 });
  expect(said.err).toMatch(/The journal: 7 refusals carried out again, 7 known already, 2 lines passed over/);
  expect(said.err).toMatch(
    /The audit chain [0-9a-f-]{36} had \d+ events more, which the backup does not hold\./,
  );
  const host = await open(machine);
  const as = (token: string) => callerOf(host.keyfold, token);
  expect(await codeOf(as(doomed.token!).secrets.list({}))).toBe("unauthenticated");
  expect(await codeOf(as(tokens.get("acme")!).versions.reveal({ id: secret, version: 1 }))).toBe(
    "version_destroyed",
  );
  expect(await codeOf(as(tokens.get("acme")!).versions.reveal({ id: secret, version: 2 }))).toBe(
    "version_revoked",
  );
  expect(await codeOf(as(tokens.get("globex")!).secrets.reveal({ id: gone }))).toBe("not_found");
  expect(await codeOf(as(tokens.get("globex")!).secrets.reveal({ id: undeleted }))).toBe("allowed");
  expect(await codeOf(as(tokens.get("initech")!).secrets.list({}))).toBe("unauthenticated");
  const keys = (tenant: string) =>
    withTenant(host.db, tenant, ({ query }) => query("SELECT 1 FROM control_plane.tenant_keys", []));
  expect(await keys(initech)).toEqual([]);
  expect(await keys((await as(tokens.get("acme")!).tenants.get({})).id)).not.toEqual([]);
  await compare(host, new Map([...values].filter(([name]) => name.startsWith("acme BINARY"))));
}, 120_000);

test("a journal from which a line was taken, or that was edited, stops the restore before it serves", async () => {
  const { tokens } = await furnish();
  await make();
  const acme = callerOf(house.server, tokens.get("acme")!);
  for (const name of ["one", "two", "three"]) {
    const { details } = await acme.tokens.create({ name });
    await acme.tokens.revoke({ id: details.id });
  }
  const lines = journal.split("\n");
  await writeFile(join(folder, "journal"), [...lines.slice(0, -3), ...lines.slice(-2)].join("\n"));
  const machine = await elsewhere();
  const said = await restore(["--journal", "journal"], machine);
  expect(said).toMatchObject({
    exit: 1,
    err: expect.stringContaining("The journal was edited: 1 lines are missing"),
  });
  // Nobody serves from it, and the second run, with the whole journal, ends it.
  await expect(open(machine)).rejects.toMatchObject({ problem: "restoring" });
  await writeFile(join(folder, "journal"), journal);
  expect(await restore(["--journal", "journal"], machine)).toMatchObject({ exit: 0 });
  await open(machine);
}, 120_000);

test("a wrong identity and a backup that is cut or edited: a clear sentence, and nothing written", async () => {
  await furnish();
  await make();
  const whole = await readFile(join(folder, "all.backup"));
  const edited = Buffer.from(whole);
  edited[edited.length - 1000]! ^= 1;
  await writeFile(join(folder, "edited.backup"), edited);
  await writeFile(
    join(folder, "cut.backup"),
    whole.subarray(0, whole.length - 70_000 * Number(whole.length > 140_000) - 17),
  );
  await writeFile(join(folder, "header.backup"), whole.subarray(0, 60));
  await writeFile(join(folder, "other.backup"), "not a backup");
  const other = await commandLine(["keys", "recovery-identity", "--file", "other.txt"], { cwd: folder });
  expect(other.exit).toBe(0);
  const files = await readdir(folder);
  for (const file of ["edited.backup", "cut.backup", "header.backup", "other.backup"]) {
    const said = await restore([], after(), file);
    expect([said.exit, said.out], file).toEqual([1, ""]);
    expect(said.err, file).toMatch(
      /^This backup cannot be used: .* Nothing was written\. Take another copy\.\n$/,
    );
  }
  const said = await keyfold(["backup", "restore", "all.backup", "--identity", "other.txt"], after());
  expect(said).toMatchObject({
    exit: 1,
    err: "This identity does not open this backup: it was sealed to other recovery keys. Nothing was written.\n",
  });
  expect(await readdir(folder)).toEqual(files);
}, 120_000);

test("a backup that somebody else made for the same recipient is refused by this deployment's checkpoints, with nothing written", async () => {
  await house.server.makeCheckpoint();
  const pushed = (await house.server.newestCheckpoint())!;
  await writeFile(join(folder, "checkpoints"), encodeCheckpointLine(pushed, pushed.heads, null));
  const theirKey = randomBytes(32);
  const theirs = await openHouse({ provider: localRootKey(Buffer.from(theirKey)) });
  try {
    const forged = await keyfold(["backup", "make", "--out", "forged.backup", "--to", recipient], {
      DATABASE_URL: theirs.database.url,
      KEYFOLD_MIGRATION_URL: theirs.database.ownerUrl,
      KEYFOLD_ROOT_KEY: theirKey.toString("base64"),
    });
    expect(forged.exit).toBe(0);
  } finally {
    await theirs.close();
  }
  expect(await restore(["--checkpoints", "checkpoints"], after(), "forged.backup")).toMatchObject({
    exit: 1,
    err: expect.stringContaining("holds none that this deployment has signed"),
  });
  await expect(stat(join(folder, "after-root-key"))).rejects.toThrow("ENOENT");
  await expect(stat(join(folder, "after"))).rejects.toThrow("ENOENT");
});

test("a backup with an audit batch that does not fit together is refused with nothing written, and a restore leaves every trigger as it was", async () => {
  await make();
  await house.tamper(`ALTER TABLE control_plane.audit_batches DISABLE TRIGGER audit_batch_is_whole;
    UPDATE control_plane.audit_batches SET leaves = leaves || leaves;
    ALTER TABLE control_plane.audit_batches ENABLE ALWAYS TRIGGER audit_batch_is_whole`);
  await make("unfit.backup");
  const machine = await elsewhere();
  const said = await restore([], machine, "unfit.backup");
  expect(said).toMatchObject({
    exit: 1,
    err: expect.stringContaining("cannot be used: what stands in audit_batches does not fit together."),
  });
  expect(await restore([], machine)).toMatchObject({ exit: 0 });
  const triggersOf = async (url: string) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      const { rows } = await client.query(
        `SELECT tgrelid::regclass::text AS table, tgname AS name, tgenabled AS enabled FROM pg_trigger
          WHERE NOT tgisinternal ORDER BY 1, 2`,
      );
      return rows;
    } finally {
      await client.end();
    }
  };
  const triggers = await triggersOf(house.database.superuserUrl);
  expect(await triggersOf(databases[0]!.superuserUrl)).toEqual(triggers);
  expect(triggers).toContainEqual({
    table: "control_plane.audit_batches",
    name: "audit_batch_is_whole",
    enabled: "A",
  });
}, 120_000);

test("another root key where this one belongs, or a server that runs, refuses the restore with nothing written", async () => {
  await make();
  await writeFile(join(folder, "after-root-key"), randomBytes(32).toString("base64"), { mode: 0o600 });
  expect(await restore()).toMatchObject({ exit: 1, err: expect.stringContaining("holds another root key") });
  // The house's own database: its server is connected, and stays it while this one looks.
  const connection = await house.db.pool.connect();
  const said = await restore([], before()).finally(() => connection.release());
  expect(said).toMatchObject({
    exit: 1,
    err: expect.stringContaining("Somebody is connected to this database:"),
  });
}, 120_000);

test("a full disk leaves no backup, and says so", async () => {
  await furnish();
  await symlink("/dev/full", join(folder, "all.backup.partial"));
  expect(await make()).toMatchObject({
    exit: 1,
    out: "",
    err: expect.stringContaining("The disk is full: the backup"),
  });
  expect(await readdir(folder)).toEqual(["identity.txt"]);
});
