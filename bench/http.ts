import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startChild } from "./child.ts";
import { startKeyfold, VALUE } from "./keyfold.ts";
import { type Shot, shootInTurn } from "./load.ts";
import type { Row } from "./measure.ts";

const here = dirname(fileURLToPath(import.meta.url));

/** Where reads are measured once more. */
const CROWD = 128;

/** What servers/committed.ts does. */
const LEAST = "bare Hono, one committed row for each batch";

/**
 * REST and tRPC beside the same stack with nothing behind it, and beside pgcrypto. Reveal is with durable audit.
 * The goals: REST at least 0.3 of bare at 32 connections and 0.4 at 128, tRPC 0.75, p99 at most five times the bare one's.
 */
export async function httpRows(connections: readonly number[], seconds: number): Promise<Row[]> {
  const rows: Row[] = [];
  const keyfold = await startKeyfold();
  const headers = { authorization: `Bearer ${keyfold.token}` };
  let n = 0;
  const setBody = () => JSON.stringify({ name: `NEW_${process.pid}_${n++}`, value: VALUE });
  const trpcSetBody = () => JSON.stringify({ json: { name: `NEW_${process.pid}_${n++}`, value: VALUE } });
  const input = (json: object) => encodeURIComponent(JSON.stringify({ json }));
  const get = async (path: string) =>
    (await fetch(keyfold.url + path, { headers })).json() as Promise<{ secrets: { id: string }[] }>;
  const list = await get("/api/secrets?limit=100");
  const secret = list.secrets[0]!.id;
  const set = await (
    await fetch(`${keyfold.url}/api/secrets`, {
      method: "PUT",
      headers: { ...headers, "content-type": "application/json" },
      body: setBody(),
    })
  ).json();
  const answers = [JSON.stringify({ reveal: await get(`/api/secrets/${secret}`), set, list })];
  const bare = await startChild<{ url: string }>(join(here, "servers/bare.ts"), answers);
  const committed = await startChild<{ url: string }>(join(here, "servers/committed.ts"), answers);

  const pair = async (what: string, ours: Shot, baseline: string, theirs: Shot, count: number) => {
    const [went, besides] = await shootInTurn(ours, theirs, count, { seconds });
    const [rate, baselineRate] = [went.rate, besides.rate];
    rows.push({
      what: `${what}, ${count} at once`,
      rate,
      baseline,
      baselineRate,
      p99: [went.p99, besides.p99],
    });
    console.error(
      `${what}, ${count} at once: ${Math.round(rate)} beside ${Math.round(baselineRate)} (${baseline})`,
    );
  };
  const beside = async (
    what: string,
    path: string,
    baseline: string,
    more: Partial<Shot> = {},
    counts = connections,
  ) => {
    const ours = { url: keyfold.url + path, headers, ...more };
    for (const count of counts)
      await pair(what, ours, baseline, { url: bare.told.url + path, ...more }, count);
  };
  try {
    const crowded = [...connections, CROWD];
    const path = `/api/secrets/${secret}`;
    await beside("REST reveal", path, "bare Hono", {}, crowded);
    const least = { url: committed.told.url + path };
    for (const count of crowded.slice(1)) {
      await pair(LEAST, least, "bare Hono", { url: bare.told.url + path }, count);
      await pair("REST reveal", { url: keyfold.url + path, headers }, LEAST, least, count);
    }
    const reveal = `/trpc/secrets.reveal?input=${input({ id: secret })}`;
    await beside("tRPC reveal", reveal, "bare tRPC", {}, crowded);
    await beside("REST set (new secret)", "/api/secrets", "bare Hono", { method: "PUT", body: setBody });
    await beside("tRPC set (new secret)", "/trpc/secrets.set", "bare tRPC", {
      method: "POST",
      body: trpcSetBody,
    });
    await beside("REST list of 100", "/api/secrets?limit=100&prefix=KEY_", "bare Hono");
    await beside(
      "tRPC list of 100",
      `/trpc/secrets.list?input=${input({ limit: 100, prefix: "KEY_" })}`,
      "bare tRPC",
    );
    await besidePgcrypto();
  } finally {
    await bare.stop();
    await committed.stop();
    await keyfold.stop();
  }
  return rows;

  async function besidePgcrypto(): Promise<void> {
    const old = await startChild<{ url: string }>(join(here, "servers/pgcrypto.ts"));
    try {
      await fetch(`${old.told.url}/secrets`, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: "KEY_000", value: VALUE }),
      });
      for (const count of connections) {
        const pairs: [string, Shot, Shot][] = [
          [
            "get",
            { url: `${keyfold.url}/api/secrets/${secret}`, headers },
            { url: `${old.told.url}/secrets/KEY_000` },
          ],
          [
            "set",
            { url: `${keyfold.url}/api/secrets`, headers, method: "PUT", body: setBody },
            { url: `${old.told.url}/secrets`, method: "PUT", body: setBody },
          ],
        ];
        for (const [what, ours, theirs] of pairs)
          await pair(`REST ${what}`, ours, "pgcrypto, one audit row", theirs, count);
      }
    } finally {
      await old.stop();
    }
  }
}
