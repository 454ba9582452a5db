// `node bench/in-process.ts [TENANTS] [SECONDS]`: reveals in process, 256 at once, and how many statements they take.
import { hash, randomBytes, randomUUID } from "node:crypto";
import { connect } from "@keyfold/db";
import { createTestDatabase, startTestServer } from "@keyfold/db/testing";
import { localRootKey, openValue, sealValue } from "@keyfold/envelope";
import { verifyExport } from "@keyfold/ledger";
import {
  createKeyfoldServer,
  type KeyfoldServer,
  type RequestInfo,
  requestInfo,
  verbs,
} from "@keyfold/secrets";
import pg from "pg";
import { VALUE } from "./keyfold.ts";
import { inTurn, median, type Row, table } from "./measure.ts";

const AT_ONCE = 256;
const SECRETS = 100;
/** Secrets that nobody has read yet. */
const COLD = 2_000;
const ROUNDS = 3;

export interface InProcess {
  rows: Row[];
  /** How many statements a warm reveal takes, and a cold one by a token that is known. */
  statements: { warm: number; cold: number };
}

export const statementsText = ({ warm, cold }: InProcess["statements"]): string =>
  `Statements: ${warm.toFixed(3)} for a warm reveal, ${cold.toFixed(2)} for a cold one by a token that is known.`;

interface Reader {
  request: RequestInfo;
  ids: string[];
}

/**
 * Warm reveals through the router's caller, 256 at once, each with its audit event committed with fsync, over one tenant
 * and over many, beside opening the same envelope in a bare loop. On disk.
 */
export async function inProcess(tenants: number, seconds: number): Promise<InProcess> {
  const server = await startTestServer({ onDisk: true });
  const database = await createTestDatabase(server);
  const db = connect({ url: database.url });
  const keyfold = await createKeyfoldServer({
    db,
    provider: localRootKey(randomBytes(32)),
    mayCreate: true,
    process: false,
    consumers: { everyMs: null },
  });
  try {
    const operator = requestInfo({ token: await keyfold.createOperatorToken("bench") });
    const one = await makeTenant(keyfold, operator, "one", SECRETS);
    const many: Reader[] = [];
    for (let i = 0; i < tenants; i += 8)
      many.push(
        ...(await Promise.all(
          Array.from({ length: Math.min(8, tenants - i) }, (_, j) =>
            makeTenant(keyfold, operator, `many-${i + j}`, 1),
          ),
        )),
      );
    const rows: Row[] = [];
    let warm = 0;
    for (const [what, readers] of [
      ["one tenant", [one]],
      [`${tenants.toLocaleString("en-US")} tenants`, many],
    ] as const) {
      await reveals(keyfold, readers, 0.5);
      const rates: [number[], number[]] = [[], []];
      for (let round = 0; round < ROUNDS; round++) {
        const counted = countStatements();
        const { count, took } = await reveals(keyfold, readers, seconds);
        if (readers.length === 1) warm = counted() / count;
        rates[0].push((count * 1000) / took);
        rates[1].push(opens(seconds / 2));
      }
      rows.push({
        what: `reveal in process, warm, ${AT_ONCE} at once, ${what}`,
        rate: median(rates[0]),
        baseline: "opening the same envelope in a bare loop",
        baselineRate: median(rates[1]),
      });
    }
    const names = Array.from({ length: COLD }, (_, i) => `COLD_${i}`);
    for (let at = 0; at < COLD; at += 500)
      await keyfold.invoke(verbs.secrets.setMany, one.request, {
        items: names.slice(at, at + 500).map((name) => ({ name, value: VALUE })),
      });
    // The token is known again after this; the values are not.
    await keyfold.invoke(verbs.secrets.reveal, one.request, { id: one.ids[0]! });
    const counted = countStatements();
    for (let at = 0; at < COLD; at += AT_ONCE)
      await Promise.all(
        names
          .slice(at, at + AT_ONCE)
          .map((name) => keyfold.router.createCaller({ keyfold: one.request }).secrets.reveal({ name })),
      );
    const cold = counted() / COLD;
    rows.push(verified(await exported(keyfold, one.request)));
    return { rows, statements: { warm, cold } };
  } finally {
    await keyfold.close();
    await db.close();
    await database.drop();
    await server.stop();
  }
}

/** A tenant's log as it is exported, all that was read above in it. */
async function exported(keyfold: KeyfoldServer, request: RequestInfo): Promise<Buffer[]> {
  const lines: Buffer[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await keyfold.invoke(verbs.audit.export, request, cursor === undefined ? {} : { cursor });
    for (const line of page.lines) lines.push(Buffer.from(line));
    cursor = page.nextCursor;
  }
  return lines;
}

/** Verifying an exported log, as `keyfold audit verify` does, beside hashing each of its lines and nothing else. */
function verified(lines: readonly Buffer[]): Row {
  const [rate, baselineRate] = inTurn(
    () => {
      const verdict = verifyExport(lines);
      if (!verdict.ok) throw new Error(JSON.stringify(verdict));
    },
    () => {
      for (const line of lines) hash("sha256", line, "buffer");
    },
    { rounds: 3, batch: 1 },
  );
  return {
    what: "audit verify, events",
    rate: rate * lines.length,
    baseline: "hashing the same lines in a bare loop",
    baselineRate: baselineRate * lines.length,
  };
}

async function makeTenant(
  keyfold: KeyfoldServer,
  operator: RequestInfo,
  slug: string,
  secrets: number,
): Promise<Reader> {
  await keyfold.invoke(verbs.tenants.create, operator, { slug });
  const made = await keyfold.invoke(verbs.tokens.create, operator, {
    tenant: slug,
    name: "bench",
    preset: "admin",
  });
  const request = requestInfo({ token: made.token!, userAgent: "bench", ip: "127.0.0.1" });
  const ids: string[] = [];
  for (let i = 0; i < secrets; i++)
    ids.push((await keyfold.invoke(verbs.secrets.create, request, { name: `KEY_${i}`, value: VALUE })).id);
  return { request, ids };
}

/** Keeps so many reveals under way for so long, each over the next reader and its next secret. */
async function reveals(keyfold: KeyfoldServer, readers: readonly Reader[], seconds: number) {
  const callers = readers.map(({ request }) => keyfold.router.createCaller({ keyfold: request }));
  let next = 0;
  let count = 0;
  const started = performance.now();
  const end = started + seconds * 1000;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (performance.now() < end) {
        const turn = next++;
        const index = turn % readers.length;
        const { ids } = readers[index]!;
        await callers[index]!.secrets.reveal({ id: ids[Math.floor(turn / readers.length) % ids.length]! });
        count++;
      }
    }),
  );
  return { count, took: performance.now() - started };
}

/** Opens a second of the same envelope: HKDF, commitment and AES-256-GCM, and nothing else. */
function opens(seconds: number): number {
  const place = {
    deployment: randomUUID(),
    tenant: randomUUID(),
    project: randomUUID(),
    environment: randomUUID(),
    secret: randomUUID(),
    version: 1,
  };
  const { sealed, dek } = sealValue(Buffer.from(VALUE), place);
  const started = performance.now();
  let count = 0;
  for (; performance.now() - started < seconds * 1000; count += 20)
    for (let i = 0; i < 20; i++) openValue(sealed, dek, place);
  return (count * 1000) / (performance.now() - started);
}

/** Counts what is sent to PostgreSQL from now on, by any connection of this process. */
function countStatements(): () => number {
  const { query } = pg.Client.prototype;
  let count = 0;
  pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
    count++;
    return (query as (...given: unknown[]) => unknown).apply(this, given);
  } as typeof query;
  return () => {
    pg.Client.prototype.query = query;
    return count;
  };
}

if (import.meta.main) {
  const [tenants = 1_000, seconds = 3] = process.argv.slice(2).map(Number);
  const { rows, statements } = await inProcess(tenants, seconds);
  console.log(table(rows));
  console.log(
    `statements: ${statements.warm.toFixed(3)} a warm reveal, ${statements.cold.toFixed(2)} a cold one`,
  );
}
