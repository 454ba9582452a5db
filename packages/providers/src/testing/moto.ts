import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

/** Exact: what its KMS checks and what not stands in docs/providers.md. */
export const MOTO_VERSION = "5.2.5";

const run = promisify(execFile);

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
  const own = process.env.KEYFOLD_TEST_MOTO_SERVER;
  const [command, ...args] = own === undefined ? await installed() : [own];
  // It takes a free port by itself, and says which.
  const child = spawn(command, [...args, "-H", "127.0.0.1", "-p", "0"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => reject(new Error("moto_server ended by itself")));
    // Read on to its end: it logs each request.
    createInterface(child.stderr).on("line", (line) => {
      const [, address] = /Running on (http:\S+)/.exec(line) ?? [];
      if (address !== undefined) resolve(address);
    });
  });
  return { url, close: () => ended(child) };
}

/** The command; installed first where it is not there. Several packages' tests may do so at the same time. */
async function installed(): Promise<[string, ...string[]]> {
  const folder = join(tmpdir(), `keyfold-moto-server-${MOTO_VERSION}`);
  const command: [string, ...string[]] = [join(folder, "bin", "python"), join(folder, "bin", "moto_server")];
  const isThere = () =>
    access(folder).then(
      () => true,
      () => false,
    );
  if (await isThere()) return command;
  const own = await mkdtemp(`${folder}-`);
  try {
    await run("python3", ["-m", "venv", own]);
    await run(join(own, "bin", "pip"), ["install", "--quiet", `moto[server,kms]==${MOTO_VERSION}`]);
    // Whole or not at all, and the first one stays.
    await rename(own, folder).catch(async (error: unknown) => {
      if (!(await isThere())) throw error;
    });
  } finally {
    await rm(own, { recursive: true, force: true });
  }
  return command;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}
