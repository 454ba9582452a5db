import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startChild } from "./child.ts";
import { startKeyfold, VALUE } from "./keyfold.ts";
import { type Shot, shootInTurn } from "./load.ts";
import type { Row } from "./measure.ts";

const here = dirname(fileURLToPath(import.meta.url));

/** Where reads are measured once more. */
const CROWD = 128;

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
  const bare = await startChild<{ url: string }>(join(here, "servers/bare.ts"), [
    JSON.stringify({ reveal: await get(`/api/secrets/${secret}`), set, list }),
  ]);

  const beside = async (
    what: string,
    path: string,
    baseline: string,
    more: Partial<Shot> = {},
    counts = connections,
  ) => {
    for (const count of counts) {
      const [ours, bares] = await shootInTurn(
        { url: keyfold.url + path, headers, ...more },
        { url: bare.told.url + path, ...more },
        count,
        { seconds },
      );
      const [rate, baselineRate] = [ours.rate, bares.rate];
      rows.push({
        what: `${what}, ${count} at once`,
        rate,
        baseline,
        baselineRate,
        p99: [ours.p99, bares.p99],
      });
      console.error(`${what}, ${count} at once: ${Math.round(rate)} beside ${Math.round(baselineRate)}`);
    }
  };
  try {
    const crowded = [...connections, CROWD];
    await beside("REST reveal", `/api/secrets/${secret}`, "bare Hono", {}, crowded);
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
        for (const [what, ours, theirs] of pairs) {
          const [{ rate }, { rate: baselineRate }] = await shootInTurn(ours, theirs, count, { seconds });
          rows.push({
            what: `REST ${what}, ${count} at once`,
            rate,
            baseline: "pgcrypto, one audit row",
            baselineRate,
          });
          console.error(
            `${what} beside pgcrypto, ${count} at once: ${Math.round(rate)} beside ${Math.round(baselineRate)}`,
          );
        }
      }
    } finally {
      await old.stop();
    }
  }
}
