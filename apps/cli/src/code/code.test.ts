import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { commandLine } from "../testing/command-line.ts";

const VALUE = "sk_test_not_a_real_key";
let served: Served;
let token: string;
let folder: string;
beforeAll(async () => {
  served = await serveHouse();
  ({ token } = await served.house.tenant("acme"));
  const { secrets } = served.house.as(token);
  await secrets.set({ name: "STRIPE_KEY", value: VALUE });
  await secrets.set({ name: "api/db-url", value: 'postgres://"not" real' });
  await secrets.set({ name: "PIN", value: "1234" });
  await secrets.update({ name: "STRIPE_KEY", description: "from the dashboard\nof Stripe" });
});
afterAll(() => served.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-code-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const keyfold = (...argv: string[]) =>
  commandLine(argv, { env: { PATH: process.env.PATH, KEYFOLD_URL: served.url, KEYFOLD_TOKEN: token } });
const git = (...args: string[]) =>
  promisify(execFile)("git", ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", ...args], {
    cwd: folder,
  });

test("a typed module and an example .env are made of names alone, and no value is read for them", async () => {
  const before = await served.house.as(token).audit.list({ action: "secret.accessed" });
  const path = join(folder, "secrets.ts");
  expect(await keyfold("generate-types", "--file", path)).toMatchObject({ exit: 0, out: "" });
  expect(await readFile(path, "utf8")).toContain(
    'defineSecrets({\n  PIN: z.string(),\n  STRIPE_KEY: z.string(),\n  "api/db-url": z.string(),\n});',
  );
  expect((await keyfold("generate-example-env")).out).toBe(
    "PIN=\n# from the dashboard\ufffdof Stripe\nSTRIPE_KEY=\napi_db_url=\n",
  );
  const after = await served.house.as(token).audit.list({ action: "secret.accessed" });
  expect(after.events.length).toBe(before.events.length);
});

test("a value in a file is found by name and line, also as base64 and as JSON writes it, and never shown", async () => {
  await mkdir(join(folder, "src", "node_modules"), { recursive: true });
  await writeFile(join(folder, "src", "a.ts"), `one\ntwo ${VALUE}\n`);
  await writeFile(join(folder, "src", "b.yaml"), `data: ${Buffer.from(VALUE).toString("base64")}\n`);
  await writeFile(join(folder, "c.json"), JSON.stringify({ url: 'postgres://"not" real' }));
  await writeFile(join(folder, "src", "node_modules", "d"), VALUE);
  const { exit, out, err } = await keyfold("scan", folder);
  expect(exit).toBe(1);
  expect(out.trim().split("\n").sort()).toEqual([
    "STRIPE_KEY  src/a.ts:2",
    "STRIPE_KEY  src/b.yaml:1",
    "api/db-url  c.json:1",
  ]);
  expect(err).toContain("Not looked for, since they are too short: PIN.");
  expect(out + err).not.toContain(VALUE);
});

test("what a repository once held is found with --history, by path and commit", async () => {
  await git("init", "-q");
  await writeFile(join(folder, "config.ts"), `key = "${VALUE}"\n`);
  await git("add", ".");
  await git("commit", "-q", "-m", "one");
  await rm(join(folder, "config.ts"));
  await git("add", "-A");
  await git("commit", "-q", "-m", "two");
  expect(await keyfold("scan", folder)).toMatchObject({ exit: 0, out: "" });
  const { exit, out } = await keyfold("scan", folder, "--history");
  expect([exit, out]).toEqual([
    1,
    expect.stringMatching(/^STRIPE_KEY {2}config\.ts in commit [0-9a-f]{7,}:1\n$/),
  ]);
});

test("a repository that somebody else made runs nothing of its own while its history is read", async () => {
  await git("init", "-q");
  await writeFile(join(folder, "config.ts"), `key = "${VALUE}"\n`);
  const ran = join(folder, "ran");
  const program = join(folder, "program");
  await writeFile(program, `#!/bin/sh\nenv > ${ran}\n`, { mode: 0o755 });
  await writeFile(join(folder, ".gitattributes"), "*.ts diff=theirs\n");
  await git("add", "config.ts", ".gitattributes");
  // A commit that claims to be signed: git would ask the named program about it.
  await git("commit", "-q", "-m", "one");
  const raw = (await git("cat-file", "commit", "HEAD")).stdout;
  const signed = raw.replace(
    "\n\n",
    "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n fake\n -----END PGP SIGNATURE-----\n\n",
  );
  await writeFile(join(folder, "commit"), signed);
  const id = (await git("hash-object", "-t", "commit", "-w", "commit")).stdout.trim();
  await git("reset", "-q", "--soft", id);
  for (const [name, value] of [
    ["log.showSignature", "true"],
    ["gpg.program", program],
    ["core.fsmonitor", program],
    ["core.pager", program],
    ["diff.theirs.textconv", program],
    ["diff.external", program],
    ["core.sshCommand", program],
  ])
    await git("config", name!, value!);
  expect((await keyfold("scan", folder, "--history")).out).toContain("config.ts in commit");
  await expect(readFile(ran)).rejects.toThrow("ENOENT");
});

test("a folder that is none is refused", async () => {
  expect(await keyfold("scan", join(folder, "nothing"))).toMatchObject({ exit: 2 });
});
