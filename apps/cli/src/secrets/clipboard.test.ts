import { execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { commandLine } from "../testing/command-line.ts";
import { needs } from "../testing/needs.ts";

// Found again among everything that runs on this machine.
const VALUE = `sk_test_not_a_real_key ${randomUUID()}\nits second line é`;
let served: Served;
let token: string;
beforeAll(async () => {
  served = await serveHouse();
  ({ token } = await served.house.tenant("acme"));
  await served.house.as(token).secrets.set({ name: "K", value: VALUE });
});
afterAll(() => served.close());

const copy = (env: Record<string, string>) =>
  commandLine(["get", "K", "--copy"], {
    outIsTerminal: true,
    env: { KEYFOLD_URL: served.url, KEYFOLD_TOKEN: token, ...env },
  });

/** An X server that shows nothing, on a number of its own choice. */
async function xServer(): Promise<{ display: string; stop(): Promise<void> }> {
  const child = spawn("Xvfb", ["-displayfd", "3", "-nolisten", "tcp", "-noreset"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const ended = once(child, "exit");
  const [number] = await Promise.race([
    once(child.stdio[3] as Readable, "data"),
    ended.then(() => {
      throw new Error("Xvfb ended as it started");
    }),
  ]);
  return {
    display: `:${String(number).trim()}`,
    async stop() {
      child.kill();
      await ended;
    },
  };
}

/** Arguments and environment of every process that this user may look at (proc(5)). */
async function processes(): Promise<{ argv: string; env: string }[]> {
  const read = (path: string) => readFile(path, "utf8").catch(() => "");
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    ids.map(async (id) => ({
      argv: await read(`/proc/${id}/cmdline`),
      env: await read(`/proc/${id}/environ`),
    })),
  );
}

test("a value is on the clipboard of a real X server, whole, and in nobody's arguments or environment", async (context) => {
  needs(context, "Xvfb", "xclip");
  const x = await xServer();
  try {
    const env = { PATH: process.env.PATH!, DISPLAY: x.display };
    expect(await copy(env)).toMatchObject({
      exit: 0,
      out: "",
      err: "Version 1 of K is on the clipboard (xclip).\n",
    });
    // xclip ends, and leaves a child behind that takes the clipboard a moment later.
    const paste = () => promisify(execFile)("xclip", ["-selection", "clipboard", "-o"], { env });
    const pasted = await vi.waitFor(paste, { timeout: 60_000, interval: 20 });
    expect(pasted.stdout).toBe(VALUE);
    const all = await processes();
    const holder = all.filter(
      ({ argv, env }) => argv.startsWith("xclip\0") && env.includes(`DISPLAY=${x.display}\0`),
    );
    expect(holder).toHaveLength(1);
    expect(holder[0]!.env).not.toContain(token);
    const [unique] = VALUE.split("\n");
    expect(all.filter(({ argv, env }) => (argv + env).includes(unique!))).toEqual([]);
  } finally {
    await x.stop();
  }
});

test("where no clipboard program works, that is said with the next step, and the value is not shown", async () => {
  const said = await copy({ PATH: "/nonexistent" });
  expect(said).toMatchObject({ exit: 1, out: "" });
  expect(said.err).toMatch(
    /^There is no clipboard program here .*Pipe the value instead: keyfold get NAME \| …\n$/,
  );
});
