// `node bench/fairness.ts [seconds]`: one tenant sends ten times its limit, and another's reads go on. Prints the other's p99
// with and without, in turn, and their ratio: the goal is 1.5 or less. Not a part of `pnpm bench`.
import { setTimeout as delay } from "node:timers/promises";
import autocannon from "autocannon";
import { Agent, request } from "undici";
import { startKeyfold } from "./keyfold.ts";
import { median } from "./measure.ts";

const LIMIT = 50;
const seconds = Number(process.argv[2] ?? 5);
const ROUNDS = 5;

const keyfold = await startKeyfold({ KEYFOLD_LIMIT_TENANT: String(LIMIT) });
const agent = new Agent({ connections: 8 });
try {
  const modest = await secondTenant();
  const quiet: number[] = [];
  const beside: number[] = [];
  await readFor(modest, 1); // warms up
  for (let round = 0; round < ROUNDS; round++) {
    quiet.push(p99(await readFor(modest, seconds)));
    const flood = autocannon({
      url: `${keyfold.url}/api/reveal?name=KEY_001`,
      connections: 32,
      workers: 1, // so that what measures is not what floods
      overallRate: 10 * LIMIT,
      duration: seconds,
      headers: { authorization: `Bearer ${keyfold.token}` },
    });
    beside.push(p99(await readFor(modest, seconds - 0.5)));
    const { non2xx, "2xx": let_in } = await flood;
    console.log(
      `round ${round + 1}: p99 ${quiet.at(-1)!.toFixed(1)} ms quiet, ${beside.at(-1)!.toFixed(1)} ms beside ${non2xx + let_in} calls of which ${let_in} were let in`,
    );
  }
  const [a, b] = [median(quiet), median(beside)];
  console.log(`median p99: ${a.toFixed(1)} ms quiet, ${b.toFixed(1)} ms beside; ratio ${(b / a).toFixed(2)}`);
} finally {
  await agent.close();
  await keyfold.stop();
}

async function secondTenant(): Promise<string> {
  const { operator } = keyfold;
  await call("/api/tenants", operator, { slug: "modest" });
  const { token } = (await call("/api/tokens", operator, {
    tenant: "modest",
    name: "t",
    preset: "admin",
  })) as { token: string };
  await call("/api/secrets", token, { name: "K", value: "not a real value" });
  return token;
}

async function call(path: string, token: string, body: object): Promise<unknown> {
  const answer = await request(keyfold.url + path, {
    dispatcher: agent,
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (answer.statusCode >= 300) throw new Error(`${path}: ${answer.statusCode}`);
  return answer.body.json();
}

/** Reads forty times a second, below the limit; answers how long each took, in milliseconds. */
async function readFor(token: string, howLong: number): Promise<number[]> {
  const times: number[] = [];
  const reads: Promise<void>[] = [];
  const end = performance.now() + howLong * 1000;
  while (performance.now() < end) {
    reads.push(
      (async () => {
        const started = performance.now();
        const { statusCode, body } = await request(`${keyfold.url}/api/reveal?name=K`, {
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
