import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type Start, startProgram } from "@keyfold/api/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "../run.ts";

const RUNBOOK = new URL("../../../../docs/runbooks/rotate-root-key.md", import.meta.url);
const token = randomBytes(24).toString("hex");
let folder: string;
let server: Start | undefined;
let url: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-runbook-"));
});
afterEach(async () => {
  await stop();
  await rm(folder, { recursive: true, force: true });
});

async function stop(): Promise<void> {
  server?.process.kill("SIGTERM");
  await server?.ended;
  server = undefined;
}

/** Starts the real program with these root keys, or answers what it said when it ended. */
async function restart(rootKeys: Record<string, string>): Promise<string | null> {
  await stop();
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  server = startProgram(folder, {
    KEYFOLD_MODE: "production",
    KEYFOLD_EMBEDDED_DATABASE: "1",
    KEYFOLD_LOG_LEVEL: "silent",
    KEYFOLD_BOOTSTRAP_TOKEN: token,
    KEYFOLD_PORT: port,
    ...rootKeys,
  });
  return server.ready().then(
    () => null,
    (error: Error) => error.message,
  );
}

async function keyfold(line: string) {
  const said = { out: "", err: "" };
  const exit = await run(line.split(" ").slice(1), {
    env: { KEYFOLD_URL: url, KEYFOLD_TOKEN: token },
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    isTerminal: false,
    columns: 80,
  });
  return { line, exit, ...said };
}

async function call(method: string, path: string, bearer: string, body?: object) {
  const answer = await fetch(`${url}/api${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await answer.json()) as Record<string, string>;
}

test("the runbook's commands and settings, in its order and word for word, change the root key", async () => {
  const made = await keyfold(`keyfold keys generate --file ${folder}/root-key`);
  const old = made.out.trim();
  expect(await restart({ KEYFOLD_ROOT_KEY_FILE: `${folder}/root-key` })).toBeNull();
  await call("POST", "/tenants", token, { slug: "acme" });
  const reader = (await call("POST", "/tokens", token, { tenant: "acme", name: "t", preset: "admin" }))
    .token!;
  await call("PUT", "/secrets", reader, { name: "K", value: "not a real value" });

  const text = (await readFile(RUNBOOK, "utf8"))
    .replaceAll("/etc/keyfold", folder)
    .replaceAll("local:OLD_FINGERPRINT", old);
  const steps = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block!.trim().split("\n"));
  const done: string[] = [];
  for (const lines of steps) {
    const settings = lines.filter((line) => /^KEYFOLD_\w+=/.test(line));
    if (settings.length > 0) {
      const rootKeys = Object.fromEntries(settings.map((line) => line.split("=") as [string, string]));
      expect(await restart(rootKeys), settings.join(" ")).toBeNull();
      done.push(`restart with ${settings.length}`);
    }
    for (const line of lines.filter((one) => one.startsWith("keyfold "))) {
      const said = await keyfold(line);
      expect(said, line).toMatchObject({ exit: 0 });
      done.push(line.split(" ")[2]!);
    }
    expect((await call("GET", "/reveal?name=K", reader)).value).toBe("not a real value");
  }
  expect(done).toEqual([
    "status",
    "generate",
    "restart with 2",
    "restart with 2",
    "rotate",
    "verify",
    "retire",
    "restart with 1",
    "status",
  ]);
  const { out } = await keyfold("keyfold keys status");
  expect(out).toMatch(new RegExp(`^${old} .* wraps 0 of 5 keys +retired`, "m"));
  // The processes before it were stopped, and are gone from the list.
  expect(out).toMatch(/^Running:\n {2}\S+\/\d+ +release \d\S* +wraps under local:[0-9a-f]{16}\nThe next/m);
  expect(await restart({ KEYFOLD_ROOT_KEY_FILE: `${folder}/root-key` })).toMatch(
    new RegExp(`This database needs the root key local:[0-9a-f]{16}, but the one given is ${old}\\.`),
  );
});
