import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { connect } from "@keyfold/db";
import { localRootKey, rootKeyFromText } from "@keyfold/envelope";
import { KeyfoldError } from "../error.ts";
import { requestInfo } from "../router/context.ts";
import { verbs } from "../router/verbs.ts";
import { createKeyfoldServer } from "../server.ts";

/** What it is told on its standard input, a line of JSON each: first where to read, then what to read and when to stop. */
export interface Told {
  url: string;
  rootKey: string;
}
export type Order = { read: { id: string; version?: number; token: string } } | { stop: true };

/** What it says when it stopped: when its last read that was answered had begun, and what refused the others. */
export interface Said {
  /** By the machine's steady clock, in nanoseconds: the same in every process. */
  lastBegun: string;
  answered: number;
  refusals: string[];
}

const AT_ONCE = 8;
const say = (what: unknown) => writeSync(1, `${JSON.stringify(what)}\n`);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async <T>() => {
  const { value, done } = await lines.next();
  return done ? null : (JSON.parse(value as string) as T);
};

/*
 * A process that reads as often as it can, and that nobody tells of changes: it has no listener. It stops when it is told to,
 * and each of its readers reads once more after that.
 */
const { url, rootKey } = (await next<Told>())!;
const db = connect({ url, poolSize: 4 });
const keyfold = await createKeyfoldServer({
  db,
  provider: localRootKey(rootKeyFromText(rootKey)),
  process: false,
  consumers: { everyMs: null },
});
for (let order = await next<Order>(); order !== null && "read" in order; order = await next<Order>()) {
  const { token, id, version } = order.read;
  let stopped = false;
  let lastBegun = 0n;
  let answered = 0;
  const refusals = new Set<string>();
  const read = async () => {
    const begun = process.hrtime.bigint();
    try {
      if (version === undefined) await keyfold.invoke(verbs.secrets.reveal, requestInfo({ token }), { id });
      else await keyfold.invoke(verbs.versions.reveal, requestInfo({ token }), { id, version });
      answered++;
      if (begun > lastBegun) lastBegun = begun;
    } catch (error) {
      refusals.add(error instanceof KeyfoldError ? error.code : "unknown");
    }
  };
  await read();
  await read();
  say({ warm: answered });
  const readers = Array.from({ length: AT_ONCE }, async () => {
    while (!stopped) await read();
    await read();
  });
  await next<Order>();
  stopped = true;
  await Promise.all(readers);
  say({ lastBegun: lastBegun.toString(), answered, refusals: [...refusals] } satisfies Said);
}
await db.close();
