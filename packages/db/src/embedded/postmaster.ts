import { type ChildProcess, execFile, spawn } from "node:child_process";
import { open, readFile, readlink, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { EmbeddedPostgresError } from "./embedded-error.ts";
import { isAlive } from "./is-alive.ts";
import { clusterDir, type Location } from "./location.ts";

const run = promisify(execFile);

/** The server's whole environment: nothing of ours (keys, passwords, PG* variables) reaches it. */
export const serverEnvironment: NodeJS.ProcessEnv = { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };

const POLL_MS = 20;

/** What `postmaster.pid` says. Line 1 is the process id, line 4 the port, line 8 the state. */
export type PostmasterFile = { pid: number; port: number; ready: boolean };

/** Reads the server's own pid file; null when there is none, or it is just being written. */
export async function readPostmasterFile(location: { homeDir: string }): Promise<PostmasterFile | null> {
  const text = await readFile(join(clusterDir(location), "postmaster.pid"), "utf8").catch(() => "");
  const lines = text.split("\n");
  const pid = Number.parseInt(lines[0] ?? "", 10);
  if (!(pid > 0)) return null;
  return { pid, port: Number.parseInt(lines[3] ?? "0", 10), ready: lines[7]?.trim() === "ready" };
}

/**
 * Starts a server process and waits until it takes connections. It gets its own session, so that Ctrl-C at
 * the terminal reaches us and not it, and a log file rather than a pipe, so that it outlives us unharmed.
 *
 * @param timeoutMs how long recovery after a crash may take
 * @throws EmbeddedPostgresError `start_failed`
 */
export async function spawnPostmaster(
  location: Location,
  port: number,
  settings: Record<string, string>,
  timeoutMs: number,
): Promise<ChildProcess> {
  const logPath = join(location.homeDir, "postgres.log");
  const logFile = await open(logPath, "a", 0o600);
  const logStart = (await logFile.stat()).size;
  const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  let child: ChildProcess;
  try {
    child = spawn(
      join(location.binaries.root, "bin", "postgres"),
      ["-D", clusterDir(location), "-p", String(port), ...options],
      {
        ...location.user,
        cwd: location.homeDir,
        env: serverEnvironment,
        detached: true,
        stdio: ["ignore", "ignore", logFile.fd],
      },
    );
    await new Promise((resolve, reject) => child.once("spawn", resolve).once("error", reject));
  } catch (cause) {
    throw new EmbeddedPostgresError("start_failed", "The embedded PostgreSQL could not be started.", {
      cause,
    });
  } finally {
    await logFile.close();
  }
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    const file = await readPostmasterFile(location);
    if (file?.pid === child.pid && file?.ready) return child;
    if (hasExited(child)) break;
    await delay(POLL_MS);
  }
  if (!hasExited(child)) await stopChild(child, 10_000);
  const log = (await readFile(logPath, "utf8")).slice(logStart).trim();
  const reason = log.includes("Address already in use")
    ? `port ${port} is taken`
    : (log.split("\n").findLast((line) => /FATAL|PANIC/.test(line)) ?? "it did not say why");
  throw new EmbeddedPostgresError(
    "start_failed",
    `The embedded PostgreSQL did not start: ${reason}. Its log is ${logPath}.`,
  );
}

const hasExited = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

/** Fast shutdown (no waiting for clients, nothing lost), then an immediate one when that takes too long. */
export async function stopChild(child: ChildProcess, timeoutMs: number): Promise<void> {
  if (hasExited(child)) return;
  child.ref();
  const exited = new Promise<true>((resolve) => child.once("exit", () => resolve(true)));
  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    child.kill(signal);
    const timer = new AbortController();
    const timedOut = delay(timeoutMs, false, { signal: timer.signal }).catch(() => false);
    const done = await Promise.race([exited, timedOut]);
    timer.abort();
    if (done) return;
  }
  throw new EmbeddedPostgresError(
    "stop_failed",
    `The embedded PostgreSQL (process ${child.pid}) does not stop.`,
  );
}

/**
 * Stops a server that an earlier Keyfold left behind on this cluster. The caller holds the folder's lock, so
 * no other Keyfold runs it. A process is only signalled when it really is a server on our directory.
 *
 * @returns the process id that was stopped, or null when there was nothing to stop
 * @throws EmbeddedPostgresError `stop_failed`
 */
export async function stopOrphan(location: { homeDir: string }, timeoutMs: number): Promise<number | null> {
  const file = await readPostmasterFile(location);
  if (file === null || !(await isAlive(file.pid))) return null;
  if (!(await servesCluster(file.pid, clusterDir(location)))) {
    // Another program has that process id now: PostgreSQL itself would take it for a running server.
    await rm(join(clusterDir(location), "postmaster.pid"), { force: true });
    return null;
  }
  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    process.kill(file.pid, signal);
    const deadline = performance.now() + timeoutMs;
    while (performance.now() < deadline) {
      if (!(await isAlive(file.pid))) return file.pid;
      await delay(POLL_MS);
    }
  }
  throw new EmbeddedPostgresError(
    "stop_failed",
    `A PostgreSQL that an earlier start left behind (process ${file.pid}) does not stop.`,
  );
}

/** A server's working directory is its data directory; where /proc does not tell, its command line does. */
async function servesCluster(pid: number, cluster: string): Promise<boolean> {
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(cluster));
  } catch {
    const { stdout } = await run("ps", ["-o", "command=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
    return stdout.includes("postgres") && stdout.includes(cluster);
  }
}
