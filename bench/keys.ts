import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "@keyfold/db";
import { createTestDatabase, startTestServer } from "@keyfold/db/testing";
import { localRootKey, type RootKeyProvider } from "@keyfold/envelope";
import { createKeyfoldServer, verbs } from "@keyfold/secrets";
import pg from "pg";
import type { Row } from "./measure.ts";
import { benchTenants } from "./tenants.ts";

/** A key service that is so many milliseconds away. */
function away(provider: RootKeyProvider, ms: number): RootKeyProvider {
  const late = async <T>(work: () => Promise<T>): Promise<T> => {
    await delay(ms);
    return work();
  };
  return {
    ...provider,
    wrap: (...args) => late(() => provider.wrap(...args)),
    unwrap: (...args) => late(() => provider.unwrap(...args)),
  };
}

/**
 * Tenant keys rewrapped per second: unwrap, wrap, unwrap, compare, insert, audit event, commit with fsync; with a local
 * root key, and with both root keys 5 ms away. Each call is waited for three times a key: one after the other that
 * would be 66 keys per second at most.
 */
export async function keyRows(tenants: number): Promise<Row[]> {
  const server = await startTestServer();
  const database = await createTestDatabase(server);
  const db = connect({ url: database.url });
  const [first, second, third] = [1, 2, 3].map(() => localRootKey(randomBytes(32))) as [
    RootKeyProvider,
    RootKeyProvider,
    RootKeyProvider,
  ];
  try {
    const made = await createKeyfoldServer({ db, provider: first, mayCreate: true, process: false });
    const request = await benchTenants(made, tenants);
    const commits = await commitsPerSecond(database.superuserUrl, tenants);
    const local = await rotate(second, [first]);
    const distant = await rotate(away(third, 5), [away(second, 5)]);
    return [
      {
        what: "rewrap a tenant key, local root keys",
        rate: local,
        baseline: "committing one small row, 4 connections",
        baselineRate: commits,
      },
      {
        what: "rewrap a tenant key, root keys 5 ms away",
        rate: distant,
        baseline: "the same with local root keys",
        baselineRate: local,
      },
    ];

    async function rotate(provider: RootKeyProvider, others: RootKeyProvider[]): Promise<number> {
      const keyfold = await createKeyfoldServer({ db, provider, others });
      const started = performance.now();
      for (;;) {
        const job = await keyfold.invoke(verbs.keys.rotate, request, {});
        if (job.state === "stopped") throw new Error(`the rotation stopped: ${job.problem}`);
        if (job.state === "done") return (job.total * 1000) / (performance.now() - started);
      }
    }
  } finally {
    await db.close();
    await database.drop();
    await server.stop();
  }
}

async function commitsPerSecond(url: string, count: number): Promise<number> {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  try {
    await pool.query("CREATE TABLE public.bench_rows (id int, bytes bytea)");
    const bytes = randomBytes(200);
    let next = 0;
    const started = performance.now();
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        while (next < count)
          await pool.query("INSERT INTO public.bench_rows VALUES ($1, $2)", [next++, bytes]);
      }),
    );
    return (count * 1000) / (performance.now() - started);
  } finally {
    await pool.end();
  }
}

/**
 * Rotates the root key over so many tenants: how long it takes, and how much memory above what there was, in MiB, in the first
 * half and in the second one: flat, where the two are about the same.
 */
export async function rootRotation(
  tenants: number,
): Promise<{ seconds: number; memory: [number, number]; keys: number }> {
  const server = await startTestServer();
  const database = await createTestDatabase(server);
  const db = connect({ url: database.url });
  const [first, second] = [localRootKey(randomBytes(32)), localRootKey(randomBytes(32))];
  try {
    const made = await createKeyfoldServer({ db, provider: first, mayCreate: true, process: false });
    const request = await benchTenants(made, tenants);
    const keyfold = await createKeyfoldServer({ db, provider: second, others: [first], process: false });
    const resident = process.memoryUsage.rss();
    const most: [number, number] = [resident, resident];
    let half: 0 | 1 = 0;
    const watch = setInterval(() => {
      most[half] = Math.max(most[half], process.memoryUsage.rss());
    }, 50);
    const started = performance.now();
    for (;;) {
      const job = await keyfold.invoke(verbs.keys.rotate, request, { forSeconds: 1 });
      if (job.done >= job.total / 2) half = 1;
      if (job.state === "stopped") throw new Error(`the rotation stopped: ${job.problem}`);
      if (job.state === "running") continue;
      clearInterval(watch);
      const seconds = (performance.now() - started) / 1000;
      const [first, second] = most.map((bytes) => (bytes - resident) / 1024 / 1024) as [number, number];
      return { seconds, memory: [first, second], keys: job.total };
    }
  } finally {
    await db.close();
    await database.drop();
    await server.stop();
  }
}
