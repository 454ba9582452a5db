import { EventEmitter } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { SecretValue } from "@keyfold/envelope/secret-value";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { answered } from "../secrets/value.ts";
import { commandLine } from "../testing/command-line.ts";
import { startChild } from "./child.ts";
import { runCommand } from "./run.ts";
import { asVariables, openVariables } from "./variables.ts";

let served: Served;
let token: string;
let folder: string;
let count = 0;
beforeAll(async () => {
  served = await serveHouse();
  folder = await mkdtemp(join(tmpdir(), "keyfold-run-"));
});
beforeEach(async () => {
  token = (await served.house.tenant(`run-${++count}`)).token;
});
afterAll(async () => {
  await served.close();
  await rm(folder, { recursive: true, force: true });
});

const env = () => ({ KEYFOLD_URL: served.url, KEYFOLD_TOKEN: token, PATH: process.env.PATH });
const keyfold = (argv: string[], given = {}) => commandLine(argv, { env: env(), ...given });
const set = (name: string, value: string) => served.house.as(token).secrets.set({ name, value });
/** Writes some of its environment into a file, and ends with a code. */
const script = (path: string, code = 0) =>
  `require("fs").writeFileSync(${JSON.stringify(path)}, JSON.stringify([process.env, process.argv])); process.exit(${code})`;
const node = process.execPath;
/** Waits until another process has written a file. */
const written = (path: string) => vi.waitFor(() => readFile(path), { timeout: 100_000, interval: 20 });

test("a command gets the secrets in its environment, not in its arguments, and its exit code is ours", async () => {
  await set("DB_URL", "postgres://not-real");
  await set("api/stripe-key", "sk_test_not_a_real_key");
  const path = join(folder, "one");
  expect(await keyfold(["run", "--", node, "-e", script(path, 7)])).toMatchObject({
    exit: 7,
    out: "",
    err: "",
  });
  const [child, argv] = JSON.parse(await readFile(path, "utf8"));
  expect(child).toMatchObject({ DB_URL: "postgres://not-real", api_stripe_key: "sk_test_not_a_real_key" });
  expect(JSON.stringify(argv)).not.toContain("not-real");
});

test("--path takes one folder, named without it; --only takes names, and misses none silently", async () => {
  await set("api/A", "1");
  await set("api/B", "2");
  await set("C", "3");
  const path = join(folder, "two");
  await keyfold(["run", "--path", "api", "--only", "A", "--", node, "-e", script(path)]);
  const [child] = JSON.parse(await readFile(path, "utf8"));
  expect([child.A, child.B, child.C, child.api_A]).toEqual(["1", undefined, undefined, undefined]);
  expect(await keyfold(["run", "--only", "A,NOPE", "--", node, "-e", ""])).toMatchObject({
    exit: 1,
    err: "There is no secret named A or NOPE here that this token may see.\n",
  });
});

test("a secret that would decide which code runs is left out, and said, unless it is named", async () => {
  await set("NODE_OPTIONS", "--no-warnings");
  await set("LD_PRELOAD", "/tmp/nothing.so");
  await set("PLAIN", "1");
  const path = join(folder, "three");
  const said = await keyfold(["run", "--", node, "-e", script(path)]);
  expect(said.err).toMatch(/^keyfold: LD_PRELOAD, NODE_OPTIONS would decide which code runs/);
  const [child] = JSON.parse(await readFile(path, "utf8"));
  expect([child.PLAIN, child.NODE_OPTIONS, child.LD_PRELOAD]).toEqual(["1", undefined, undefined]);
  await keyfold(["run", "--only", "NODE_OPTIONS", "--", node, "-e", script(path)]);
  expect(JSON.parse(await readFile(path, "utf8"))[0].NODE_OPTIONS).toBe("--no-warnings");
});

test("two secrets that would be one variable, and bytes that none can hold, are refused by name", () => {
  const read = (name: string, value = "x", encoding: "utf8" | "base64" = "utf8") => ({
    name,
    version: 1,
    value: answered({ value, encoding }),
  });
  expect(() => asVariables([read("a/b"), read("a.b")])).toThrow(
    "a/b and a.b would both be the variable a_b.",
  );
  expect(() => asVariables([read("BYTES", "/wA=", "base64")])).toThrow("BYTES holds bytes");
  expect(() => asVariables([read("NUL", "a\0b")])).toThrow("NUL holds bytes");
  expect(openVariables(asVariables([read("2FA")]).variables)).toEqual({ _2FA: "x" });
});

test("a command that is missing, cannot be run, or is not said ends with a shell's own codes", async () => {
  expect(await keyfold(["run", "--", "no-such-command-anywhere"])).toMatchObject({
    exit: 127,
    err: "There is no command named no-such-command-anywhere.\n",
  });
  const path = join(folder, "closed");
  await writeFile(path, "no program", { mode: 0o600 });
  expect(await keyfold(["run", "--", path])).toMatchObject({
    exit: 126,
    err: `${path} cannot be run (EACCES).\n`,
  });
  expect((await keyfold(["run"])).exit).toBe(2);
});

test("a child that a signal ended gives 128 and the signal's number, and signals reach it", async () => {
  expect((await keyfold(["run", "--", node, "-e", "process.kill(process.pid, 'SIGKILL')"])).exit).toBe(137);

  const signals = new EventEmitter();
  const path = join(folder, "signalled");
  const waits = `process.on("SIGTERM", () => { require("fs").writeFileSync(${JSON.stringify(path)}, "heard"); process.exit(3) }); require("fs").writeFileSync(${JSON.stringify(`${path}.up`)}, ""); setInterval(() => {}, 1000)`;
  const terminal = { env: env(), out() {}, err() {}, isTerminal: false, columns: 80 };
  const ended = runCommand(terminal, [node, "-e", waits], {}, signals);
  await written(`${path}.up`);
  signals.emit("SIGTERM", "SIGTERM");
  expect(await ended).toBe(3);
  expect(await readFile(path, "utf8")).toBe("heard");
});

test("--watch starts the command again with the new value, and what ignores SIGTERM is ended all the same", async () => {
  await set("K", "first");
  const signals = new EventEmitter();
  const path = join(folder, "watched");
  const says = `process.on("SIGTERM", () => {}); require("fs").writeFileSync(${JSON.stringify(path)} + process.env.K, ""); setInterval(() => {}, 1000)`;
  const child = await startChild({
    command: node,
    args: ["-e", says],
    env: env(),
    variables: { K: SecretValue.ofText("stubborn") },
    redact: false,
    patienceMs: 50,
  });
  await written(`${path}stubborn`);
  expect(await child.end()).toBe(137);

  const polite = says.replace('process.on("SIGTERM", () => {});', "");
  let said = "";
  const terminal = {
    env: env(),
    out() {},
    err: (text: string) => {
      said += text;
    },
    isTerminal: false,
    columns: 80,
  };
  const ended = runCommand(terminal, [node, "-e", polite], { watch: true, everyMs: 20 }, signals);
  await written(`${path}first`);
  await set("K", "second");
  await written(`${path}second`);
  expect(said).toBe("keyfold: secrets changed, starting the command again.\n");
  signals.emit("SIGTERM", "SIGTERM");
  expect(await ended).toBe(143);
});

test("--redact masks the injected values in what the command prints", async () => {
  const out = new (await import("node:stream")).PassThrough();
  const child = await startChild({
    command: node,
    args: ["-e", "console.log('it is ' + process.env.K); console.error(process.env.K)"],
    env: env(),
    variables: { K: SecretValue.ofText("sk_test_not_a_real_key") },
    redact: true,
    out,
    err: out,
  });
  expect(await child.ended).toBe(0);
  const text = String(out.read());
  expect(text).toContain("it is [redacted]\n");
  expect(text).not.toContain("sk_test");
});
