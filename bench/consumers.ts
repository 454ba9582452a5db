import { randomBytes } from "node:crypto";
import { connect } from "@keyfold/db";
import { createTestDatabase, startTestServer } from "@keyfold/db/testing";
import { localRootKey } from "@keyfold/envelope";
import { createKeyfoldServer, requestInfo, verbs } from "@keyfold/secrets";
import { inTurnAsync, type Row } from "./measure.ts";
import { benchTenant } from "./tenants.ts";

/** Reads at once: as many as share a commit, so that the work in memory shows beside the wait for the disk. */
const AT_ONCE = 32;

const WRITTEN_EVERY_MS = 5_000;

/**
 * What noting who reads costs a warm read, in process: 32 at once, over 100 secrets and 8 instances, with notes written
 * once in each turn of five seconds, as often as by default, beside the same server that notes nothing. Both append every read's audit event with fsync.
 */
export async function consumerRows(quick = false): Promise<Row[]> {
  const server = await startTestServer();
  const database = await createTestDatabase(server);
  const db = connect({ url: database.url });
  const provider = localRootKey(randomBytes(32));
  try {
    const noting = await createKeyfoldServer({
      db,
      provider,
      mayCreate: true,
      process: false,
      consumers: { everyMs: null },
    });
    const silent = await createKeyfoldServer({ db, provider, process: false, consumers: false });
    const { token } = await benchTenant(noting);
    const ids: string[] = [];
    for (let i = 0; i < 100; i++) {
      const value = "sk_test_not_a_real_key_0123456789abcdef";
      ids.push(
        (await noting.invoke(verbs.secrets.create, requestInfo({ token }), { name: `KEY_${i}`, value })).id,
      );
    }
    let next = 0;
    let written = performance.now();
    const reads = (keyfold: typeof noting) => async () => {
      // In the turn of the one that notes, and not in the other's.
      if (keyfold === noting && performance.now() - written > WRITTEN_EVERY_MS) {
        written = performance.now();
        void noting.flush();
      }
      await Promise.all(
        Array.from({ length: AT_ONCE }, () => {
          const request = requestInfo({ token, instance: `pod-${next % 8}` });
          return keyfold.invoke(verbs.secrets.reveal, request, { id: ids[next++ % ids.length]! });
        }),
      );
    };
    const [rate, baselineRate] = await inTurnAsync(reads(noting), reads(silent), {
      rounds: quick ? 3 : 7,
      sliceMs: WRITTEN_EVERY_MS,
    });
    await noting.close();
    await silent.close();
    return [
      {
        what: "warm reveal, 32 at once, who reads is noted",
        rate: rate * AT_ONCE,
        baseline: "the same, nothing noted",
        baselineRate: baselineRate * AT_ONCE,
      },
    ];
  } finally {
    await db.close();
    await database.drop();
    await server.stop();
  }
}
