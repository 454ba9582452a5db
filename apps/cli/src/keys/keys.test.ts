import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Served, serveHouse } from "@keyfold/api/testing";
import {
  hybridSeedFromFile,
  hybridSeedFromText,
  localRootKey,
  rootKeyFromFile,
  rootKeyFromText,
} from "@keyfold/envelope";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "../run.ts";

const next = localRootKey(randomBytes(32));
let folder: string;
let served: Served;
let oldId: string;
let newId: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-cli-"));
  served = await serveHouse({
    server: (house) => house.another({ provider: next, others: [house.provider] }),
  });
  await served.house.tenant("acme");
  [oldId, newId] = [(await served.house.provider.current()).id, (await next.current()).id];
});
afterEach(async () => {
  await served.close();
  await rm(folder, { recursive: true, force: true });
});

async function keyfold(argv: string[], more: { env?: Record<string, string>; isTerminal?: boolean } = {}) {
  const said = { out: "", err: "" };
  const exit = await run(argv, {
    env: { KEYFOLD_URL: served.url, KEYFOLD_TOKEN: served.house.operatorToken, ...more.env },
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    isTerminal: more.isTerminal ?? false,
    columns: 80,
  });
  return { exit, ...said };
}

test("rotate, verify and retire run to their end, and status says what is to be done before and after", async () => {
  const before = await keyfold(["keys", "status"]);
  expect(before).toMatchObject({ exit: 0, err: "" });
  expect(before.out).toMatch(new RegExp(`^${newId}  0 days  wraps 0 of 5 keys  current$`, "m"));
  expect(before.out).toMatch(new RegExp(`^${oldId}  0 days  wraps 5 of 5 keys$`, "m"));
  expect(before.out).toContain("5 of 5 keys are not wrapped under the current root key: keyfold keys rotate");

  expect(await keyfold(["keys", "rotate", "--to", newId])).toEqual({
    exit: 0,
    out: `5 keys are wrapped under ${newId}.\n`,
    err: "",
  });
  expect(await keyfold(["keys", "verify"])).toEqual({
    exit: 0,
    out: `5 keys are opened with ${newId}.\n`,
    err: "",
  });
  expect(await keyfold(["keys", "retire", oldId])).toEqual({
    exit: 0,
    out: `5 keys are no longer wrapped under ${oldId}.\n`,
    err: "",
  });
  const after = await keyfold(["keys", "status"]);
  expect(after.out).toMatch(
    new RegExp(`^${oldId}  0 days  wraps 0 of 5 keys  retired \\d{4}-\\d\\d-\\d\\d$`, "m"),
  );
  expect(after.out).toContain(
    "There is NO backup of the root key: keyfold keys backup --to RECIPIENT --out FILE",
  );
  expect(after.out).toContain("Every key opened with the current root key on ");
});

test("tenant keys are rotated and values re-encrypted, of one tenant, one secret, or all", async () => {
  const { caller } = await served.house.tenant("globex");
  const { id } = await caller.secrets.create({ name: "K", value: "not a real value" });
  expect(await keyfold(["keys", "rotate-tenant", "globex"])).toEqual({
    exit: 0,
    out: "2 keys were renewed or wrapped anew. The old tenant keys are gone.\n",
    err: "",
  });
  for (const [count, ...argv] of [
    [3],
    [2, "globex"],
    [1, "globex", "--secret", id],
    [2, "globex", "--digests", "--rate", "100"],
  ])
    expect(await keyfold(["keys", "re-encrypt", ...argv.map(String)])).toEqual({
      exit: 0,
      out: `${count} keys were renewed, and with them every value sealed anew.\n`,
      err: "",
    });
  const { out } = await keyfold(["keys", "rotate-tenant", "--json"]);
  expect(JSON.parse(out)).toMatchObject({ kind: "rotate_tenant", opener: null, tenant_id: null, done: 3 });
  expect((await caller.secrets.reveal({ id })).value).toBe("not a real value");
  expect(await keyfold(["keys", "re-encrypt", "nobody"])).toMatchObject({ exit: 1, out: "" });
});

test("what the server refuses is said in its own sentence, with exit code 1", async () => {
  expect(await keyfold(["keys", "retire", oldId])).toEqual({
    exit: 1,
    out: "",
    err: `5 of 5 keys are not wrapped under ${newId} yet, and need ${oldId}. Rotate and verify first.\n`,
  });
  expect(await keyfold(["keys", "rotate", "--to", oldId])).toMatchObject({ exit: 1, out: "" });
  const { token } = await served.house.tenant("globex");
  expect(await keyfold(["keys", "status"], { env: { KEYFOLD_TOKEN: token } })).toEqual({
    exit: 1,
    out: "",
    err: "This token does not allow that.\n",
  });
});

test("a terminal sees a bar, and --json prints the job alone", async () => {
  const { exit, out, err } = await keyfold(["keys", "rotate", "--rate", "500", "--json"], {
    isTerminal: true,
  });
  expect(exit).toBe(0);
  expect(err).toMatch(/\rRotating \[#*-*\] +\d+ % {2}\d\/5 keys/);
  expect(JSON.parse(out)).toMatchObject({ kind: "rotate", state: "done", done: 5, total: 5 });
});

test("a job that stopped says why and ends with exit code 1", async () => {
  await served.house.tamper("UPDATE control_plane.key_wraps SET mac = wrapped");
  const { exit, out, err } = await keyfold(["keys", "rotate"]);
  expect([exit, out]).toEqual([1, ""]);
  expect(err).toMatch(
    /^Stopped at 0 of 5 keys\. A stored key failed its integrity check\. The server's log says which\. Tenants: [0-9a-f-]{36}\. Nothing is lost: run it again to go on\.\n$/,
  );
});

test("missing settings and wrong command lines end with exit code 2, a server that is away with 3", async () => {
  expect(await keyfold(["keys", "status"], { env: { KEYFOLD_URL: "" } })).toMatchObject({
    exit: 2,
    err: "Set KEYFOLD_URL to where the server is.\n",
  });
  expect((await keyfold(["keys", "status"], { env: { KEYFOLD_URL: "ftp://x" } })).exit).toBe(2);
  expect((await keyfold(["keys", "status"], { env: { KEYFOLD_TOKEN: "" } })).exit).toBe(2);
  expect((await keyfold(["keys", "retire"])).exit).toBe(2);
  expect((await keyfold(["keys", "rotate", "--rate", "0"])).exit).toBe(2);
  expect(await keyfold(["keys", "status"], { env: { KEYFOLD_URL: "http://127.0.0.1:1" } })).toEqual({
    exit: 3,
    out: "",
    err: "The server at http://127.0.0.1:1 does not answer.\n",
  });
});

test("generate prints a good key alone on standard output, another one each time", async () => {
  const [one, two] = [await keyfold(["keys", "generate"]), await keyfold(["keys", "generate"])];
  expect(one.out).not.toBe(two.out);
  const { id } = await localRootKey(rootKeyFromText(one.out)).current();
  expect(one.err).toBe(`Its fingerprint is ${id}.\n`);
});

test("generate --file keeps the key in a closed file, says its fingerprint only, and overwrites nothing", async () => {
  const path = join(folder, "root-key");
  const made = await keyfold(["keys", "generate", "--file", path]);
  expect(made.exit).toBe(0);
  expect(made.out).toBe(`${(await localRootKey(await rootKeyFromFile(path)).current()).id}\n`);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const content = await readFile(path, "utf8");
  expect(made.out + made.err).not.toContain(content.trim());
  expect(await keyfold(["keys", "generate", "--file", path])).toMatchObject({ exit: 1, out: "" });
  expect(await readFile(path, "utf8")).toBe(content);
});

test("generate --hybrid makes a hybrid seed: printed alone, or in a closed file", async () => {
  const printed = await keyfold(["keys", "generate", "--hybrid"]);
  expect(printed.err).toBe(`Its fingerprint is ${hybridSeedFromText(printed.out).publicKey.id}.\n`);
  const path = join(folder, "hybrid-seed");
  const made = await keyfold(["keys", "generate", "--hybrid", "--file", path]);
  expect(made.out).toBe(`${(await hybridSeedFromFile(path)).publicKey.id}\n`);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(made.out + made.err).not.toContain((await readFile(path, "utf8")).trim());
  expect(await keyfold(["keys", "generate", "--hybrid", "--file", path])).toMatchObject({ exit: 1, out: "" });
});

test("help has examples", async () => {
  const { exit, out } = await keyfold(["keys", "rotate", "--help"]);
  expect(exit).toBe(0);
  expect(out).toContain("$ keyfold keys rotate --rate 200");
});
