import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@keyfold/db/testing";
import { localRootKey } from "@keyfold/envelope";
import { type House, openHouse } from "@keyfold/secrets/testing";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Start, startProgram } from "../testing/child.ts";
import { findMemoryOptions } from "./harden.ts";

let house: House;
let folder: string;
let starts: Start[] = [];
const rootKey = randomBytes(32);

beforeAll(async () => {
  house = await openHouse({ provider: localRootKey(Uint8Array.from(rootKey)) });
  folder = await mkdtemp(join(tmpdir(), "keyfold-harden-"));
});
afterEach(async () => {
  for (const { process, ended } of starts) {
    if (process.exitCode === null && process.signalCode === null) process.kill("SIGTERM");
    await ended;
  }
  starts = [];
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await house.close();
});

async function start(settings: Record<string, string> = {}): Promise<Start> {
  const one = startProgram(folder, {
    KEYFOLD_MODE: "production",
    DATABASE_URL: house.database.url,
    KEYFOLD_ROOT_KEY: rootKey.toString("base64"),
    KEYFOLD_PORT: await freePort(),
    KEYFOLD_JOBS: "off",
    ...settings,
  });
  starts.push(one);
  return one;
}
const proc = (one: Start, file: string) => readFile(`/proc/${one.process.pid}/${file}`, "utf8");

test("a production process has no core file, no memory in what a core handler gets, and no inspector by signal", async () => {
  const one = await start();
  await one.ready();
  if (process.platform === "linux") {
    expect(await proc(one, "limits")).toMatch(/^Max core file size +0 +0 /m);
    expect(await proc(one, "coredump_filter")).toBe("00000000\n");
    expect((await proc(one, "cmdline")).split("\0")).toContain("--disable-sigusr1");
  }
  one.process.kill("SIGUSR1");
  one.process.kill("SIGTERM");
  expect(await one.ended).toBe(0);
  expect(one.output()).not.toContain("Debugger");
});

test("in development the inspector stays a developer's", async () => {
  const one = await start({ KEYFOLD_MODE: "development" });
  await one.ready();
  one.process.kill("SIGUSR1");
  while (!one.output().includes("Debugger listening")) await new Promise((resolve) => setImmediate(resolve));
});

test.each([
  ["--inspect=127.0.0.1:0", "--inspect"],
  ["--abort-on-uncaught-exception", "--abort-on-uncaught-exception"],
  ["--report-on-fatalerror", "--report-on-fatalerror"],
  ["--report-uncaught-exception", "--report-uncaught-exception"],
  ["--heapsnapshot-signal=SIGUSR2", "--heapsnapshot-signal"],
])("production does not start with %s", async (option, name) => {
  const one = await start({ NODE_OPTIONS: option });
  expect(await one.ended).toBe(1);
  expect(one.output()).toContain(
    `Production does not start with ${name}: it shows the memory of the process, and with it keys and values.`,
  );
});

test("every option that shows memory is found, on the command line and in NODE_OPTIONS, and no other", () => {
  const found = (execArgv: string[], nodeOptions?: string, inspected = false) =>
    findMemoryOptions({ execArgv, nodeOptions, inspected }).map(
      (sentence) => /with (.*?): it/.exec(sentence)![1],
    );
  expect(found(["--inspect-brk", "--inspect-wait=0"], " --heap-prof  --report-on-signal ")).toEqual([
    "--inspect-brk",
    "--inspect-wait",
    "--heap-prof",
    "--report-on-signal",
  ]);
  expect(found([], "--abort_on_uncaught_exception --heapsnapshot-near-heap-limit=2")).toHaveLength(2);
  expect(found([], undefined, true)).toEqual(["an open inspector"]);
  expect(
    found(["--max-old-space-size=512", "--disable-sigusr1"], "--enable-source-maps --inspect-port=1"),
  ).toEqual([]);
});
