// `node bench/fairness.ts [seconds]`: one tenant sends ten times its limit, and another's reads go on.
import { setTimeout as delay } from "node:timers/promises";
import autocannon from "autocannon";
import { Agent, request } from "undici";
import { startKeyfold } from "./keyfold.ts";
import { median } from "./measure.ts";

const LIMIT = 50;
const ROUNDS = 5;

/** The other tenant's p99 in milliseconds, the median of five rounds each, in turn; and what the flood sent in all. */
export interface Fairness {
  quiet: number;
  beside: number;
  sent: number;
  letIn: number;
}

/** @param seconds how long each turn lasts: of forty reads a second one in a hundred is few in a short one */
export async function fairness(seconds: number): Promise<Fairness> {
  const keyfold = await startKeyfold({ KEYFOLD_LIMIT_TENANT: String(LIMIT) });
  const agent = new Agent({ connections: 8 });
  try {
    const neighbour: Neighbour = { url: keyfold.url, agent, token: await secondTenant(keyfold, agent) };
    const quiet: number[] = [];
    const beside: number[] = [];
    let [sent, letIn] = [0, 0];
    for (let round = -1; round < ROUNDS; round++) {
      const alone = p99(await readFor(neighbour, seconds));
      const flood = autocannon({
        url: `${keyfold.url}/api/reveal?name=KEY_001`,
        connections: 32,
        workers: 1, // so that what measures is not what floods
        overallRate: 10 * LIMIT,
        duration: seconds,
        headers: { authorization: `Bearer ${keyfold.token}` },
      });
      const withIt = p99(await readFor(neighbour, seconds - 0.5));
      const { non2xx, "2xx": taken } = await flood;
      if (round < 0) continue; // warmed up, what refuses as well
      quiet.push(alone);
      beside.push(withIt);
      sent += non2xx + taken;
      letIn += taken;
    }
    return { quiet: median(quiet), beside: median(beside), sent, letIn };
  } finally {
    await agent.close();
    await keyfold.stop();
  }
}

export const fairnessText = ({ quiet, beside, sent, letIn }: Fairness): string =>
  `A tenant with a limit of ${LIMIT} calls a second sends ten times as many: ${sent.toLocaleString("en-US")}, of which ${letIn.toLocaleString("en-US")} were let in. p99 of
another tenant's reads meanwhile, forty a second: ${beside.toFixed(1)} ms, ${quiet.toFixed(1)} ms while it is quiet, ratio ${(beside / quiet).toFixed(2)} (the goal: 1.5).`;

interface Neighbour {
  url: string;
  agent: Agent;
  token: string;
}

async function secondTenant(
  { url, operator }: { url: string; operator: string },
  agent: Agent,
): Promise<string> {
  const call = async (path: string, token: string, body: object): Promise<unknown> => {
    const answer = await request(url + path, {
      dispatcher: agent,
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (answer.statusCode >= 300) throw new Error(`${path}: ${answer.statusCode}`);
    return answer.body.json();
  };
  await call("/api/tenants", operator, { slug: "modest" });
  const { token } = (await call("/api/tokens", operator, {
    tenant: "modest",
    name: "t",
    preset: "admin",
  })) as { token: string };
  await call("/api/secrets", token, { name: "K", value: "not a real value" });
  return token;
}

/** Reads forty times a second, below the limit; answers how long each took, in milliseconds. */
async function readFor({ url, agent, token }: Neighbour, howLong: number): Promise<number[]> {
  const times: number[] = [];
  const reads: Promise<void>[] = [];
  const end = performance.now() + howLong * 1000;
  while (performance.now() < end) {
    reads.push(
      (async () => {
        const started = performance.now();
        const { statusCode, body } = await request(`${url}/api/reveal?name=K`, {
          dispatcher: agent,
          headers: { authorization: `Bearer ${token}` },
        });
        await body.dump();
        if (statusCode !== 200) throw new Error(`a read below its limit was answered ${statusCode}`);
        times.push(performance.now() - started);
      })(),
    );
    await delay(25);
  }
  await Promise.all(reads);
  return times;
}

function p99(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.99)]!;
}

if (import.meta.main) console.log(fairnessText(await fairness(Number(process.argv[2] ?? 8))));
