import { spawn } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { localRootKey, type RootKeyProvider, rootKeyFromText } from "@keyfold/envelope";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callerOf, type House, openHouse } from "../../testing/house.ts";
import { sealedBytes, toItsEnd } from "../../testing/keys.ts";

/** `pnpm --filter @keyfold/secrets test:kill` runs 200. */
const ROUNDS = Number(process.env.KEYFOLD_KILL_ROUNDS ?? 5);
const TENANTS = 8;
/** A run that nobody kills calls key services about so often: 3 a key to rotate, one to verify, one to retire. */
const CALLS = (TENANTS * 2 + 2) * 5;

const makeKey = () => randomBytes(32).toString("base64");
const providerOf = (key: string) => localRootKey(rootKeyFromText(key));

let house: House;
let current = makeKey();
const tenants: { token: string; secret: string; value: string }[] = [];

beforeAll(async () => {
  house = await openHouse({ provider: providerOf(current) });
  for (let i = 0; i < TENANTS; i++) {
    const { token, caller } = await house.tenant(`tenant-${i}`);
    const value = `not a real value ${i}`;
    tenants.push({ token, value, secret: (await caller.secrets.create({ name: "K", value })).id });
  }
});
afterAll(() => house.close());

/** How many values cannot be read by a process with these root keys and nothing cached. */
async function unreadable(provider: RootKeyProvider, others: RootKeyProvider[] = []): Promise<number> {
  const server = await house.another({ provider, others });
  let failed = 0;
  for (const { token, secret, value } of tenants) {
    const read = await callerOf(server, token)
      .secrets.reveal({ id: secret })
      .catch(() => null);
    if (read?.value !== value) failed++;
  }
  return failed;
}

/** Has another process rotate, and kills it after so many calls of key services. Answers whether it was done before. */
async function rotateAndKill(from: string, to: string, calls: number): Promise<boolean> {
  const script = fileURLToPath(new URL("./rotate.fixture.ts", import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const { url } = house.database;
  child.stdin.end(JSON.stringify({ url, current: to, other: from, token: house.operatorToken }));
  let heard = 0;
  for await (const _ of createInterface({ input: child.stdout }))
    if (++heard === calls) child.kill("SIGKILL");
  const [code] = await ended;
  return code === 0;
}

test(
  `killed at ${ROUNDS} random moments, a rotation leaves every value readable, and a second run finishes it`,
  async () => {
    const bytes = await sealedBytes(house);
    let killed = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const next = makeKey();
      const [before, after] = [providerOf(current), providerOf(next)];
      if (!(await rotateAndKill(current, next, randomInt(1, CALLS)))) killed++;
      expect(await unreadable(after, [before]), `round ${round}`).toBe(0);

      const operator = callerOf(
        await house.another({ provider: after, others: [before] }),
        house.operatorToken,
      );
      const { id: opener } = await before.current();
      const retired = (await operator.keys.status({})).rootKeys.find(({ id }) => id === opener)?.retiredAt;
      if (!retired) {
        expect(await toItsEnd(() => operator.keys.rotate({}))).toMatchObject({ state: "done" });
        expect(await toItsEnd(() => operator.keys.verify({}))).toMatchObject({ state: "done" });
        expect(await toItsEnd(() => operator.keys.retire({ opener }))).toMatchObject({ state: "done" });
      }
      expect(await unreadable(after), `round ${round}, finished`).toBe(0);
      current = next;
    }
    expect(killed).toBeGreaterThan(ROUNDS / 2);
    expect(await sealedBytes(house)).toBe(bytes);
    await house.verify();
  },
  ROUNDS * 20_000,
);
