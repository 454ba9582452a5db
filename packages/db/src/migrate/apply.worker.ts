import { parentPort, workerData } from "node:worker_threads";
import { applyMigrations } from "./apply.ts";
import type { Applied, ApplyOrder } from "./apply-apart.ts";
import { asMigrationError } from "./schema-engine.ts";

const { url, list } = workerData as ApplyOrder;
const done: Applied = await applyMigrations(url, list).then(
  (applied) => ({ applied }),
  (error: unknown) => {
    const { code, message } = asMigrationError(error);
    return { code, message };
  },
);
parentPort!.postMessage(done);
