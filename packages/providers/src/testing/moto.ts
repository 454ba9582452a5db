import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** Exact: what its KMS checks and what not stands in docs/providers.md. */
export const MOTO_VERSION = "5.2.5";

const run = promisify(execFile);
const READY_TRIES = 300;

export interface Moto {
  url: string;
  close(): Promise<void>;
}

/**
 * Moto's server (PyPI), which speaks the protocol of AWS KMS: `moto_server` as KEYFOLD_TEST_MOTO_SERVER names it, else
 * from a virtual environment that is kept in the folder for temporary files.
 * @throws Error that says why there is none
 */
export async function startMoto(): Promise<Moto> {
  const command = process.env.KEYFOLD_TEST_MOTO_SERVER ?? (await installed());
  const port = await freePort();
  const child = spawn(command, ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
  const failed = once(child, "exit").then(() => {
    throw new Error("moto_server ended by itself");
  });
  failed.catch(() => {});
  const url = `http://127.0.0.1:${port}`;
  await Promise.race([ready(url), failed]);
  return { url, close: () => ended(child) };
}

async function installed(): Promise<string> {
  const folder = join(tmpdir(), `keyfold-moto-${MOTO_VERSION}`);
  const command = join(folder, "bin", "moto_server");
  const done = await access(join(folder, "bin", "keyfold-complete")).then(
    () => true,
    () => false,
  );
  if (done) return command;
  await run("python3", ["-m", "venv", "--clear", folder]);
  await run(join(folder, "bin", "pip"), ["install", "--quiet", `moto[server,kms]==${MOTO_VERSION}`]);
  await run(join(folder, "bin", "python"), [
    "-c",
    "import sys, pathlib; pathlib.Path(sys.argv[1]).touch()",
    join(folder, "bin", "keyfold-complete"),
  ]);
  return command;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function ready(url: string): Promise<void> {
  for (let tries = 0; tries < READY_TRIES; tries++) {
    const response = await fetch(`${url}/moto-api/`).catch(() => undefined);
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("moto_server does not answer");
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}
