import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKeyfold, type Keyfold } from "@keyfold/client";
import { startEmbeddedPostgres } from "@keyfold/db/embedded";
import { SecretValue } from "@keyfold/envelope/secret-value";
import { importSecrets, mappingSchema, type Source } from "@keyfold/import";
import pg from "pg";
import { startKeyfold, VALUE } from "./keyfold.ts";

export interface Importing {
  secrets: number;
  tenants: number;
  /** Look, write and compare every value, in seconds; the tenants were there. */
  seconds: number;
  /** The same rows by a bare multi-row insert, 500 in a statement and a commit. */
  bareSeconds: number;
  /** Most resident memory of the importing process above what it had before, and of the server in all, in MiB. */
  memory: number;
  serverMemory: number;
}

const AT_ONCE = 500;
const MIB = 1024 * 1024;

/** An import over HTTP of so many secrets, evenly over so many tenants, beside the rows without anything around them. */
export async function importing(secrets: number, tenants: number): Promise<Importing> {
  const each = secrets / tenants;
  const slug = (i: number) => `t-${i}`;
  const source: Source = {
    kind: "list",
    async *read() {
      for (let t = 0; t < tenants; t++)
        for (let i = 0; i < each; i++)
          yield {
            from: `${t}/${i}`,
            tenant: slug(t),
            project: null,
            environment: null,
            name: `KEY_${i}`,
            value: SecretValue.ofText(`${VALUE}_${t}_${i}`),
          };
    },
  };
  const keyfold = await startKeyfold();
  try {
    const { trpc } = createKeyfold({ url: keyfold.url, token: keyfold.operator, cache: false });
    const clients = new Map<string, Keyfold>();
    for (let t = 0; t < tenants; t++) {
      await trpc.tenants.create.mutate({ slug: slug(t) });
      const made = await trpc.tokens.create.mutate({ tenant: slug(t), name: "import", preset: "admin" });
      clients.set(slug(t), createKeyfold({ url: keyfold.url, token: made.token!, cache: false }));
    }
    const resident = process.memoryUsage.rss();
    let most = resident;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss());
    }, 50);
    const started = performance.now();
    const result = await importSecrets({
      source,
      client: async (tenant) => clients.get(tenant)!,
      mapping: mappingSchema.parse({}),
    });
    const seconds = (performance.now() - started) / 1000;
    clearInterval(watch);
    if (!result.complete) throw new Error("the import is not complete");
    return {
      secrets,
      tenants,
      seconds,
      bareSeconds: await bareInsert(source),
      memory: (most - resident) / MIB,
      serverMemory: await peakOf(keyfold.pid),
    };
  } finally {
    await keyfold.stop();
  }
}

async function bareInsert(source: Source): Promise<number> {
  const dataDir = await mkdtemp(join(tmpdir(), "keyfold-bench-bare-"));
  const server = await startEmbeddedPostgres({ dataDir });
  const client = new pg.Client({ connectionString: server.ownerUrl });
  try {
    await client.connect();
    await client.query("CREATE TABLE bare (tenant text, name text, value bytea, PRIMARY KEY (tenant, name))");
    const started = performance.now();
    let rows: [string, string, Buffer][] = [];
    const insert = async () => {
      await client.query("INSERT INTO bare SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[])", [
        rows.map(([tenant]) => tenant),
        rows.map(([, name]) => name),
        rows.map(([, , value]) => value),
      ]);
      rows = [];
    };
    for await (const { tenant, name, value } of source.read()) {
      rows.push([tenant!, name, value.unsafelyBytes()]);
      if (rows.length === AT_ONCE) await insert();
    }
    if (rows.length > 0) await insert();
    return (performance.now() - started) / 1000;
  } finally {
    await client.end();
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Linux keeps a process's most resident memory (proc_pid_status(5)); elsewhere it is not known. */
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}

export function importingText(done: Importing): string {
  const number = (n: number) => Math.round(n).toLocaleString("en-US");
  return `${number(done.secrets)} secrets over ${number(done.tenants)} tenants were looked for, written and compared one by one over HTTP in
${done.seconds.toFixed(1)} s, ${number(done.secrets / done.seconds)} per second; a bare multi-row insert of the same rows took ${done.bareSeconds.toFixed(2)} s (ratio ${(done.bareSeconds / done.seconds).toFixed(3)}). The importer took
${number(done.memory)} MiB more memory at most, the server ${number(done.serverMemory)} MiB in all.`;
}
