import { randomBytes, randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "@keyfold/db";
import { createTestDatabase, startTestServer } from "@keyfold/db/testing";
import { localRootKey } from "@keyfold/envelope";
import { createKeyfoldServer, requestInfo, verbs } from "@keyfold/secrets";
import { benchTenant } from "./tenants.ts";

export interface ReEncryption {
  versions: number;
  seconds: number;
  /** Of reveals at the same pace, beside it and before it, in milliseconds. */
  p99During: number;
  p99Before: number;
  reveals: number;
  /** Most resident memory meanwhile, above what there was before, in MiB. */
  memory: number;
}

/** Reveals per second while it is measured: some traffic, and not all that the machine can do. */
const PACE = 100;
const A_CALL = 500;

/**
 * How long it takes to re-encrypt so many versions of one tenant, digests included, and what reveals of that tenant feel
 * of it: all in one process, which has the two of them share its event loop.
 */
export async function reEncryption(versions: number, beforeSeconds: number): Promise<ReEncryption> {
  const server = await startTestServer();
  const database = await createTestDatabase(server);
  const db = connect({ url: database.url });
  try {
    const keyfold = await createKeyfoldServer({
      db,
      provider: localRootKey(randomBytes(32)),
      mayCreate: true,
      process: false,
    });
    const { operator, token } = await benchTenant(keyfold);
    const reader = requestInfo({ token });
    for (let i = 0; i < versions; i += A_CALL) {
      await keyfold.invoke(verbs.secrets.setMany, reader, {
        items: Array.from({ length: Math.min(A_CALL, versions - i) }, (_, j) => ({
          name: `S${i + j}`,
          value: `a value of some length, not real: ${i + j}`,
        })),
      });
      if (i > 0 && i % 100_000 === 0) console.error(`${i} of ${versions} are set`);
    }

    const traffic = () => {
      const times: number[] = [];
      let going = true;
      const one = async () => {
        const started = performance.now();
        await keyfold.invoke(verbs.secrets.reveal, reader, { name: `S${randomInt(versions)}` });
        times.push(performance.now() - started);
      };
      const run = (async () => {
        const calls: Promise<void>[] = [];
        while (going) {
          calls.push(one());
          await delay(1000 / PACE);
        }
        await Promise.all(calls);
      })();
      return async () => {
        going = false;
        await run;
        return times;
      };
    };
    const quiet = traffic();
    await delay(beforeSeconds * 1000);
    const before = await quiet();

    const resident = process.memoryUsage.rss();
    let most = resident;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss());
    }, 50);
    const busy = traffic();
    const started = performance.now();
    for (;;) {
      const job = await keyfold.invoke(verbs.keys.reEncrypt, operator, { tenant: "bench", digests: true });
      if (job.state === "stopped") throw new Error(`the re-encryption stopped: ${job.problem}`);
      if (job.state === "done") break;
    }
    const seconds = (performance.now() - started) / 1000;
    const during = await busy();
    clearInterval(watch);
    return {
      versions,
      seconds,
      p99During: p99(during),
      p99Before: p99(before),
      reveals: during.length,
      memory: (most - resident) / 1024 / 1024,
    };
  } finally {
    await db.close();
    await database.drop();
    await server.stop();
  }
}

function p99(times: number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? 0;
}

/** What it says in the results. */
export const reEncryptionText = (one: ReEncryption): string =>
  `${one.versions} versions re-encrypted, digests included, in ${one.seconds.toFixed(1)} s (${Math.round(one.versions / one.seconds)}/s), at most ${Math.round(one.memory)} MiB above what the process held before. p99 of ${PACE} reveals a second of the same tenant from the same process: ${one.p99During.toFixed(1)} ms meanwhile (${one.reveals} reveals), ${one.p99Before.toFixed(1)} ms before.`;
