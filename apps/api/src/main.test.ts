import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { connect as connectDatabase } from "@keyfold/db";
import { createTestDatabase, freePort } from "@keyfold/db/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Start, startProgram } from "./testing/child.ts";

const run = promisify(execFile);

let folder: string;
let starts: Start[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-main-"));
  await chmod(folder, 0o711); // where root runs the tests, the database's own user passes through
  starts = [];
});
afterEach(async () => {
  for (const { process, ended } of starts) {
    if (process.exitCode === null && process.signalCode === null) process.kill("SIGTERM");
    await ended;
  }
  await rm(folder, { recursive: true, force: true });
});

function start(settings: Record<string, string>): Start {
  const one = startProgram(folder, settings);
  starts.push(one);
  return one;
}

async function serving(settings: Record<string, string>): Promise<Start> {
  const one = start(settings);
  await one.ready();
  return one;
}

const tokenIn = (output: string): string => /demo":\s+(kf_[A-Za-z0-9_-]+)/.exec(output)![1]!;

test("the first run shows tokens and a curl line that works; a second start is refused; SIGTERM ends it cleanly; the next start shows no token", async () => {
  const settings = { KEYFOLD_PORT: await freePort() };
  const first = await serving(settings);
  expect(first.output()).toContain(`Keyfold runs at http://localhost:${settings.KEYFOLD_PORT}`);
  const line = first
    .output()
    .split("\n")
    .find((each) => each.includes("curl"))!;
  const { stdout } = await run("sh", ["-c", line]);
  expect(stdout).toMatch(/"version":1.*"value":"hello"/s);

  const second = start({ KEYFOLD_PORT: await freePort() });
  expect(await second.ended).toBe(1);
  expect(second.output()).toMatch(
    /^Keyfold already runs on .*\(process \d+, its database on port \d+\): stop it first, or choose another data folder\.\n$/,
  );

  const { port } = JSON.parse(await readFile(join(folder, ".keyfold/running.json"), "utf8"));
  first.process.kill("SIGTERM");
  expect(await first.ended).toBe(0);
  expect(await isOpen(port)).toBe(false); // its database has ended, too

  const third = await serving(settings);
  expect(third.output()).toContain("Keyfold runs at");
  expect(third.output()).not.toContain("kf_");
  const { json } = await reveal(settings.KEYFOLD_PORT, tokenIn(first.output()));
  expect(json.value).toBe("hello");
  // Who read it before the stop was noted in memory only, and written as it stopped.
  const known = await call(settings.KEYFOLD_PORT, tokenIn(first.output()), `secrets/${json.id}/consumers`);
  expect(known.json.consumers).toMatchObject([{ last_version: 1, state: "current" }]);
  third.process.kill("SIGINT");
  expect(await third.ended).toBe(0);
});

test("after kill -9 the next start recovers by itself and what was stored is there; with another root key, or none, it stops and says what it needs", async () => {
  const settings = { KEYFOLD_PORT: await freePort() };
  const first = await serving(settings);
  const token = tokenIn(first.output());
  const url = `http://127.0.0.1:${settings.KEYFOLD_PORT}/api/secrets`;
  const put = await fetch(url, {
    method: "PUT",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "GREETING", value: "not_a_real_value" }),
  });
  expect(put.status).toBe(200);
  first.process.kill("SIGKILL");
  expect(await first.ended).toBe("SIGKILL");

  const second = await serving(settings);
  expect((await reveal(settings.KEYFOLD_PORT, token)).json.value).toBe("not_a_real_value");
  second.process.kill("SIGTERM");
  expect(await second.ended).toBe(0);

  const otherKey = randomBytes(32).toString("base64");
  const wrong = start({ ...settings, KEYFOLD_ROOT_KEY: otherKey });
  expect(await wrong.ended).toBe(1);
  expect(wrong.output()).toMatch(
    /^This database needs the root key local:[0-9a-f]{16}, but the one given is local:[0-9a-f]{16}\./m,
  );
  expect(wrong.output()).toContain("It was looked for in KEYFOLD_ROOT_KEY.");
  expect(wrong.output()).not.toContain(otherKey);
  const needed = /needs the root key (local:[0-9a-f]{16})/.exec(wrong.output())![1]!;
  const nowhere = join(folder, "no-such-key");
  const gone = start({ ...settings, KEYFOLD_ROOT_KEY_FILE: nowhere });
  expect(await gone.ended).toBe(1);
  expect(gone.output()).toContain(
    `This database needs the root key ${needed}. It was looked for in KEYFOLD_ROOT_KEY_FILE (${nowhere}).`,
  );

  await rename(join(folder, ".keyfold/root-key"), join(folder, "kept"));
  const missing = start(settings);
  expect(await missing.ended).toBe(1);
  expect(missing.output()).toContain("There is no root key at ");
  expect(missing.output()).toContain(
    `a new one would not open what the database holds already: that needs the root key ${needed}.`,
  );
  expect(await readdir(join(folder, ".keyfold"))).not.toContain("root-key");

  const found = await serving({ ...settings, KEYFOLD_ROOT_KEY_COMMAND: `cat ${join(folder, "kept")}` });
  expect((await reveal(settings.KEYFOLD_PORT, token)).json.value).toBe("not_a_real_value");
  found.process.kill("SIGTERM");
  await found.ended;
});

test("production makes nothing by itself, and with what it asks for it makes no more than the operator that was named", async () => {
  const bare = start({ KEYFOLD_MODE: "production" });
  expect(await bare.ended).toBe(1);
  expect(bare.output()).toContain("Production makes no root key by itself");
  expect(await readdir(folder)).toEqual([]);

  const settings = {
    KEYFOLD_MODE: "production",
    KEYFOLD_EMBEDDED_DATABASE: "1",
    KEYFOLD_ROOT_KEY: randomBytes(32).toString("base64"),
    KEYFOLD_PORT: await freePort(),
  };
  const unnamed = start(settings);
  expect(await unnamed.ended).toBe(1);
  expect(unnamed.output()).toContain("This database holds no Keyfold deployment yet.");

  const token = "not-a-real-bootstrap-token-0123456789";
  const named = await serving({ ...settings, KEYFOLD_BOOTSTRAP_TOKEN: token });
  expect(named.output()).not.toContain(token);
  expect(named.output()).not.toContain("kf_");
  const tenants = await fetch(`http://127.0.0.1:${settings.KEYFOLD_PORT}/api/tenants`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(await tenants.json()).toEqual({ tenants: [], next_cursor: null });
  named.process.kill("SIGTERM");
  expect(await named.ended).toBe(0);
});

test("over a database of one's own it serves as the application's role, migrates where it may, and refuses a role that row-level security does not bind", async () => {
  const database = await createTestDatabase();
  const bare = `bare_${randomBytes(8).toString("hex")}`;
  const admin = connectDatabase({ url: database.superuserUrl, poolSize: 1 });
  await admin.pool.query(`CREATE DATABASE ${bare} OWNER ${new URL(database.ownerUrl).username}`);
  const onBare = (url: string) => Object.assign(new URL(url), { pathname: `/${bare}` }).href;
  try {
    const superuser = start({ DATABASE_URL: database.superuserUrl, KEYFOLD_PORT: await freePort() });
    expect(await superuser.ended).toBe(1);
    expect(superuser.output()).toContain("is a superuser, and row-level security does not bind it.");

    const settings = { DATABASE_URL: onBare(database.url), KEYFOLD_PORT: await freePort() };
    const empty = start(settings);
    expect(await empty.ended).toBe(1);
    expect(empty.output()).toMatch(/^The database lacks a? ?migrations? of this release: \d{14}_init/);
    expect(await readdir(folder)).toEqual([]);

    const migrated = await serving({ ...settings, KEYFOLD_MIGRATION_URL: onBare(database.ownerUrl) });
    expect(tokenIn(migrated.output())).toMatch(/^kf_/);
    migrated.process.kill("SIGTERM");
    expect(await migrated.ended).toBe(0);
    const again = await serving(settings);
    again.process.kill("SIGTERM");
    expect(await again.ended).toBe(0);
  } finally {
    await admin.pool.query(`DROP DATABASE ${bare} WITH (FORCE)`);
    await admin.close();
    await database.drop();
  }
});

test("a start that cannot go on says so in a sentence: a weak key, a port that is taken, a database that is not there", async () => {
  const weak = start({ KEYFOLD_ROOT_KEY: "00".repeat(32) });
  expect(await weak.ended).toBe(1);
  expect(weak.output()).toContain("Make a good one with: keyfold keys generate");
  expect(await readdir(folder)).toEqual([]);

  const port = await freePort();
  const gone = start({
    DATABASE_URL: `postgresql://app:not_a_real_password@127.0.0.1:${port}/keyfold`,
    KEYFOLD_PORT: await freePort(),
  });
  expect(await gone.ended).toBe(1);
  expect(gone.output()).toBe("The database at DATABASE_URL cannot be reached (ECONNREFUSED).\n");

  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port: busy } = taken.address() as { port: number };
  const refused = start({ KEYFOLD_PORT: String(busy) });
  expect(await refused.ended).toBe(1);
  expect(refused.output()).toContain("The port is taken by another program.");
  expect(refused.output()).not.toContain("kf_");
  taken.close();

  // The tokens that this first run could not show are shown by the next.
  const next = await serving({ KEYFOLD_PORT: await freePort() });
  expect(tokenIn(next.output())).toMatch(/^kf_/);
});

const isOpen = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    }).on("error", () => resolve(false));
  });

async function call(port: string, token: string, path: string) {
  const answer = await fetch(`http://127.0.0.1:${port}/api/${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}
const reveal = (port: string, token: string) => call(port, token, "reveal?name=GREETING");
