import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { MigrationList } from "@prisma/schema-engine-wasm/schema_engine_bg";
import { MigrationError, type MigrationErrorCode } from "./migration-error.ts";

/** What the worker is given, and what it says when it is done. */
export interface ApplyOrder {
  url: string;
  list: MigrationList;
}
export type Applied = { applied: string[] } | { code: MigrationErrorCode; message: string };

/**
 * `applyMigrations` in a thread of its own: a process that goes on serving would else keep the engine's memory, tens of
 * megabytes, for work that it did once.
 * @throws MigrationError
 */
export async function applyApart(url: string, list: MigrationList): Promise<string[]> {
  const file = import.meta.url.endsWith(".ts") ? "./apply.worker.ts" : "./apply.worker.js";
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: { url, list } satisfies ApplyOrder,
    // Those of the process can be about its own script.
    execArgv: [],
  });
  const [done] = (await once(worker, "message")) as [Applied];
  await worker.terminate();
  if ("applied" in done) return done.applied;
  throw new MigrationError(done.code, done.message);
}
