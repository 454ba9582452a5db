import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { commandLine } from "../testing/command-line.ts";

let served: Served;
let folder: string;
let token: string;
let count = 0;
beforeAll(async () => {
  served = await serveHouse();
});
afterAll(() => served.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-audit-"));
  const tenant = await served.house.tenant(`audited-${++count}`);
  token = tenant.token;
  await tenant.caller.secrets.set({ name: "K", value: "sk_test_not_a_real_key" });
  await served.house.server.makeCheckpoint();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const keyfold = (line: string) =>
  commandLine(line.split(" "), { env: { KEYFOLD_URL: served.url, KEYFOLD_TOKEN: token } });
/** What needs no server is given none. */
const offline = (line: string) => commandLine(line.split(" "), {});
const log = () => join(folder, "log.jsonl");
const kept = () => join(folder, "kept");

async function exported(): Promise<string> {
  const said = await keyfold(`audit checkpoint --to ${kept()}`);
  expect(said.exit).toBe(0);
  expect(await keyfold(`audit export --to ${log()}`)).toMatchObject({ exit: 0, out: "" });
  return said.err.split("\n")[1]!;
}

test("a log is exported, kept, and verified with the network gone, to the level that was known from outside", async () => {
  const key = await exported();
  expect((await stat(log())).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).not.toContain("log.jsonl.part");
  expect(await readFile(log(), "utf8")).not.toContain("sk_test");

  const alone = await offline(`audit verify ${log()}`);
  expect(alone).toMatchObject({ exit: 0, err: "" });
  expect(alone.out).toMatch(/^Self-consistent: \d+ events in \d+ batches\. That is all:/);
  const signed = await offline(`audit verify ${log()} --key ${key}`);
  expect(signed.out).toMatch(/^Verified: \d+ of \d+ events in \d+ batches are proven by a checkpoint of /);
  await writeFile(join(folder, "key.pub"), `${key}\n`);
  const anchored = await offline(
    `audit verify ${log()} --key ${join(folder, "key.pub")} --checkpoint ${kept()}`,
  );
  expect(anchored.out).toMatch(/everything that your checkpoint covers is there/);
  expect(JSON.parse((await offline(`audit verify ${log()} --json`)).out)).toMatchObject({
    ok: true,
    level: "self_consistent",
    head: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

test("an export since a checkpoint that was kept shows that the log of checkpoints has only grown", async () => {
  const { caller } = await served.house.tenant(`grown-${count}`);
  const grow = async (value: string) => {
    await caller.secrets.set({ name: "K", value });
    await served.house.server.makeCheckpoint();
  };
  // An export without --since is proven from the first checkpoint on: the one that is kept is a later one, also where this
  // test comes first.
  await grow("sk_test_not_a_real_key");
  const key = await exported();
  await grow("sk_test_not_a_real_key_either");
  const said = await keyfold(`audit export --to ${log()} --since ${kept()}`);
  expect(said.err).toMatch(/ --key KEY --checkpoint \S+kept\n$/);
  const shown = await offline(`audit verify ${log()} --key ${key} --checkpoint ${kept()}`);
  expect(shown.out).toMatch(/\nThe log of checkpoints has only grown since yours, from (\d+) to (\d+)\.\n/);
  await keyfold(`audit export --to ${log()}`);
  expect((await offline(`audit verify ${log()} --key ${key} --checkpoint ${kept()}`)).out).toMatch(
    /\nThe log of checkpoints has only grown from 1 to \d+\. That it has since your checkpoint, an export with --since and that checkpoint shows\.\n/,
  );
  const text = await readFile(log(), "utf8");
  const edited = text.replace(
    /("consistency":.*"path":\["..)(..)/,
    (_, before: string, byte: string) => before + (byte === "00" ? "01" : "00"),
  );
  await writeFile(log(), edited);
  expect((await offline(`audit verify ${log()} --key ${key}`)).out).toMatch(
    /^NOT VERIFIED \(inconsistent\)\. The log of checkpoints at size \d+ is not shown to continue the one at size 1: /,
  );
  expect(await keyfold(`audit export --to ${log()} --since ${log()}`)).toMatchObject({ exit: 2, out: "" });
});

test("an event that was edited is named, and ends with exit code 1", async () => {
  const key = await exported();
  const text = await readFile(log(), "utf8");
  await writeFile(log(), text.replace('"action":"secret.created"', '"action":"secret.deleted"'));
  const said = await offline(`audit verify ${log()} --key ${key}`);
  expect(said.exit).toBe(1);
  expect(said.out).toMatch(
    /^NOT VERIFIED \(edited\)\. An event was edited: event \d+, in batch \d+, is not the one that was hashed\.\n$/,
  );
  await writeFile(log(), text.split("\n").slice(0, -2).join("\n"));
  expect((await offline(`audit verify ${log()} --key ${key}`)).out).toMatch(/^NOT VERIFIED \(cut_off\)/);
});

test("another deployment's key, a checkpoint without a key, and files that are something else are refused in words", async () => {
  await exported();
  const other = await serveHouse();
  try {
    const { publicKey } = await other.house
      .as(other.house.operatorToken)
      .audit.checkpoint({ deployment: true });
    const said = await offline(`audit verify ${log()} --key ${publicKey}`);
    expect(said).toMatchObject({ exit: 1 });
    expect(said.out).toMatch(/^NOT VERIFIED \(wrong_key\)/);
  } finally {
    await other.close();
  }
  expect(await offline(`audit verify ${log()} --checkpoint ${kept()}`)).toMatchObject({ exit: 2 });
  expect((await offline(`audit verify ${kept()}`)).err).toBe(
    `${kept()} cannot be read as an export: this is no export of an audit log.\n`,
  );
  expect((await offline(`audit verify ${join(folder, "nothing")}`)).err).toMatch(
    /cannot be read \(ENOENT\)\.\n$/,
  );
  expect((await offline(`audit verify ${log()} --key a+b`)).exit).toBe(2);
});

test("a token that may not export leaves no file", async () => {
  const { token: reader } = await served.house.as(token).tokens.create({ name: "reader", preset: "reader" });
  const said = await commandLine(["audit", "export", "--to", log()], {
    env: { KEYFOLD_URL: served.url, KEYFOLD_TOKEN: reader! },
  });
  expect(said).toMatchObject({ exit: 1, out: "" });
  expect(await readdir(folder)).toEqual([]);
});
