import { access, constants, mkdtemp, readdir, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { clearAbandoned } from "../embedded/abandoned.ts";
import { roles } from "../embedded/credentials.ts";
import { startEmbeddedPostgres } from "../embedded/start.ts";
import { deployMigrations } from "../migrate/deploy.ts";
import { migrationsDir } from "../migrate/project-files.ts";

/** How to reach a test server: plain data, so that it crosses into test workers. */
export type TestServerAddress = {
  superuserUrl: string;
  ownerUrl: string;
  appUrl: string;
  /** The migrated database that suites get clones of. Nobody can connect to it. */
  template: string;
};

/** A server for one run of tests. */
export type TestServer = TestServerAddress & {
  dataDir: string;
  /** Stops it and removes its files. */
  stop(): Promise<void>;
};

const PREFIX = "keyfold-test-";
const TEMPLATE = "keyfold";

/** A folder in memory, on Linux: fsync is called there as anywhere, and takes no time. */
const MEMORY = "/dev/shm";
/** What a run's databases may come to, in bytes, with room to spare. */
const ROOMY = 6 * 2 ** 30;

/**
 * Starts a PostgreSQL in memory, or in the temporary folder where there is not enough, and migrates a template
 * database once. It is the same server as the embedded one, with fsync on, since the product refuses to run without.
 * @param options.onDisk in the temporary folder in any case: for benchmarks, where a commit takes what it takes
 */
export async function startTestServer(
  options: { migrationsDir?: string; onDisk?: boolean } = {},
): Promise<TestServer> {
  await clearLeftovers();
  const dataDir = await mkdtemp(join(options.onDisk ? tmpdir() : await roomyFolder(), PREFIX));
  const server = await startEmbeddedPostgres({ dataDir });
  const stop = async () => {
    await server.stop();
    await clearAbandoned(dataDir);
  };
  try {
    const folder = options.migrationsDir ?? migrationsDir;
    await deployMigrations({ url: server.ownerUrl, migrationsDir: folder, appRole: roles.app });
    await closeTemplate(server.superuserUrl);
  } catch (error) {
    await stop();
    throw error;
  }
  const { superuserUrl, ownerUrl, appUrl } = server;
  return { superuserUrl, ownerUrl, appUrl, template: TEMPLATE, dataDir, stop };
}

/** PostgreSQL clones a database only while nobody is connected to it. */
async function closeTemplate(superuserUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    await client.query(`ALTER DATABASE ${TEMPLATE} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false`);
  } finally {
    await client.end();
  }
}

/** Where a run's databases go: into memory if there is plenty of it, for thousands of them are made and dropped. */
async function roomyFolder(): Promise<string> {
  try {
    const { bavail, bsize } = await statfs(MEMORY);
    await access(MEMORY, constants.W_OK);
    return bavail * bsize >= ROOMY ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** What a killed run left: its server may still be there. */
async function clearLeftovers(): Promise<void> {
  for (const folder of [tmpdir(), MEMORY]) {
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.startsWith(PREFIX));
    for (const name of names) await clearAbandoned(join(folder, name)).catch(() => undefined);
  }
}
