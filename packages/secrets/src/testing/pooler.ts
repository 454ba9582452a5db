import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@keyfold/db/testing";

/** A PgBouncer in transaction mode, in front of one database. */
export interface Pooler {
  /** As the application's role, through it. */
  url: string;
  stop(): Promise<void>;
}

export const hasPgBouncer = (): boolean => spawnSync("pgbouncer", ["--version"]).status === 0;

/** @param connections how many connections it has to the server, for however many clients */
export async function startPooler(databaseUrl: string, connections: number): Promise<Pooler> {
  const target = new URL(databaseUrl);
  const folder = await mkdtemp(join(tmpdir(), "keyfold-pgbouncer-"));
  const port = Number(await freePort());
  const config = join(folder, "pgbouncer.ini");
  await writeFile(
    config,
    `[databases]
kept = host=${target.hostname} port=${target.port} dbname=${target.pathname.slice(1)} user=${target.username} password=${decodeURIComponent(target.password)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${connections}
max_client_conn = 200
server_reset_query_always = 0
`,
  );
  // It refuses to run as root.
  const asOther = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  await chmod(folder, 0o755);
  const child = spawn("pgbouncer", [...asOther, config], { stdio: "ignore" });
  const ended = once(child, "exit");
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await listens(port, () => child.exitCode !== null);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `postgresql://${randomUUID()}:x@127.0.0.1:${port}/kept`, stop };
}

async function listens(port: number, hasEnded: () => boolean): Promise<void> {
  for (;;) {
    if (hasEnded()) throw new Error("PgBouncer ended as it started");
    const socket = connect(port, "127.0.0.1");
    const open = await new Promise<boolean>((done) => {
      socket.once("connect", () => done(true));
      socket.once("error", () => done(false));
    });
    socket.destroy();
    if (open) return;
    await new Promise((done) => setTimeout(done, 20));
  }
}
