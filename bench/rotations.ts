import { randomBytes } from "node:crypto";
import { connect } from "@keyfold/db";
import { createTestDatabase, startTestServer } from "@keyfold/db/testing";
import { localRootKey } from "@keyfold/envelope";
import {
  createKeyfoldServer,
  type KeyfoldServer,
  type RequestInfo,
  requestInfo,
  verbs,
} from "@keyfold/secrets";
import pg from "pg";
import type { Row } from "./measure.ts";
import { benchTenant } from "./tenants.ts";

const BULK = 500;

/** What rotating by itself costs, and what readers feel of many at once. */
export interface Rotations {
  rows: Row[];
  /** One sentence: how long so many took that were due together, and the slowest reads meanwhile. */
  due: string;
}

/**
 * Rotations per second by a rotator (make, test, policy, seal, one transaction with fsync), one and 32 at once, beside the
 * same by hand; and so many secrets due in the same minute, with a reader that never stops.
 */
export async function rotationRows(count: number, many: number): Promise<Rotations> {
  const server = await startTestServer();
  const database = await createTestDatabase(server);
  const db = connect({ url: database.url, poolSize: 40 });
  try {
    const provider = localRootKey(randomBytes(32));
    const keyfold = await createKeyfoldServer({ db, provider, mayCreate: true, process: false });
    const { token } = await benchTenant(keyfold);
    const request = requestInfo({ token });
    const rows: Row[] = [];
    for (const atOnce of [1, 32]) {
      const ids = await secrets(keyfold, request, `r${atOnce}`, Math.min(count, atOnce * 25));
      await each(ids, 16, (id) => setPolicy(keyfold, request, id));
      const byHand = await perSecond(ids, count, atOnce, (id) =>
        keyfold.invoke(verbs.secrets.rotate, request, { id, value: randomBytes(32).toString("hex") }),
      );
      const byRotator = await perSecond(ids, count, atOnce, (id) =>
        keyfold.invoke(verbs.rotation.runNow, request, { id }),
      );
      rows.push({
        what: `rotate an API key by its rotator, ${atOnce} at once`,
        rate: byRotator,
        baseline: `rotate to a given value by hand, ${atOnce} at once`,
        baselineRate: byHand,
      });
    }
    return { rows, due: await dueTogether(keyfold, request, database.superuserUrl, many) };
  } finally {
    await db.close();
    await database.drop();
    await server.stop();
  }
}

async function dueTogether(
  keyfold: KeyfoldServer,
  request: RequestInfo,
  superuserUrl: string,
  many: number,
): Promise<string> {
  const [read] = await secrets(keyfold, request, "read", 1);
  const ids = await secrets(keyfold, request, "due", many);
  await each(ids, 16, (id) => setPolicy(keyfold, request, id));
  const before = await slowest(keyfold, request, read!, async () => {
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  });
  const superuser = new pg.Client({ connectionString: superuserUrl });
  await superuser.connect();
  await superuser.query(`CREATE OR REPLACE FUNCTION control_plane.clock() RETURNS timestamptz
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = ''
    RETURN date_trunc('milliseconds', clock_timestamp()) + interval '8 days'`);
  const job = keyfold.jobs.find(({ name }) => name === "rotations.run")!;
  const started = performance.now();
  const meanwhile = await slowest(keyfold, request, read!, () => job.run());
  const seconds = (performance.now() - started) / 1000;
  const { rows } = await superuser.query(
    "SELECT count(*)::int AS done FROM control_plane.rotations WHERE finished_at IS NOT NULL AND secret_id = ANY($1::uuid[])",
    [ids],
  );
  await superuser.end();
  if (rows[0].done !== many) throw new Error(`${rows[0].done} of ${many} were rotated`);
  return `${many} secrets due in the same minute, one process: done in ${seconds.toFixed(1)} s (${Math.round(many / seconds)} a second). One reader without a pause: p99 ${meanwhile.toFixed(1)} ms meanwhile, ${before.toFixed(1)} ms before.`;
}

/** The 99th percentile of reads, in milliseconds, while `work` runs. */
async function slowest(
  keyfold: KeyfoldServer,
  request: RequestInfo,
  id: string,
  work: () => Promise<void>,
): Promise<number> {
  const times: number[] = [];
  let ended = false;
  const reading = (async () => {
    while (!ended) {
      const started = performance.now();
      await keyfold.invoke(verbs.secrets.reveal, request, { id });
      times.push(performance.now() - started);
    }
  })();
  await work();
  ended = true;
  await reading;
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length * 0.99)] ?? 0;
}

const setPolicy = (keyfold: KeyfoldServer, request: RequestInfo, id: string) =>
  keyfold.invoke(verbs.rotation.setPolicy, request, {
    id,
    schedule: { everyDays: 7 },
    rotator: { kind: "api-key" },
  });

async function secrets(
  keyfold: KeyfoldServer,
  request: RequestInfo,
  name: string,
  count: number,
): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < count; at += BULK) {
    const items = Array.from({ length: Math.min(BULK, count - at) }, (_, n) => ({
      name: `${name}-${at + n}`,
      value: "not a real value",
    }));
    const { results } = await keyfold.invoke(verbs.secrets.setMany, request, { items });
    ids.push(...results.map(({ secret }) => secret.id));
  }
  return ids;
}

async function perSecond(
  ids: readonly string[],
  count: number,
  atOnce: number,
  work: (id: string) => Promise<unknown>,
): Promise<number> {
  const turns = Array.from({ length: count }, (_, n) => ids[n % ids.length]!);
  const started = performance.now();
  await each(turns, atOnce, work);
  return (count * 1000) / (performance.now() - started);
}

async function each(
  ids: readonly string[],
  atOnce: number,
  work: (id: string) => Promise<unknown>,
): Promise<void> {
  const queue = ids.values();
  const one = async () => {
    for (const id of queue) await work(id);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}
