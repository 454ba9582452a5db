import { spawn } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { hybridSeedFromText, localRootKey, rootKeyFromText } from "@keyfold/envelope";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callerOf, type House, openHouse } from "../../testing/house.ts";
import { toItsEnd } from "../../testing/keys.ts";

/** `pnpm --filter @keyfold/secrets test:kill` runs 200. */
const ROUNDS = Number(process.env.KEYFOLD_KILL_ROUNDS ?? 3);
const TENANTS = 4;
const SECRETS = 30;

const rootKey = randomBytes(32).toString("base64");
const provider = () => localRootKey(rootKeyFromText(rootKey));
/** One tenant has secrets of both algorithms, and so keys of two suites. */
const seed = randomBytes(32).toString("base64");
const hybrid = { current: hybridSeedFromText(seed) };
const HYBRID = 5;
/** Keys of one purpose. */
const TERMS = TENANTS + 1;

let house: House;
const tenants: { id: string; token: string }[] = [];
const names = Array.from({ length: SECRETS }, (_, i) => `S${i}`);
const textOf = (name: string, version: number) => `value ${version} of ${name}, not real`;

beforeAll(async () => {
  house = await openHouse({ provider: provider(), hybrid });
  for (let i = 0; i < TENANTS; i++) {
    const { id, token, caller } = await house.tenant(`tenant-${i}`);
    for (const version of [1, 2]) {
      await caller.secrets.setMany({ items: names.map((name) => ({ name, value: textOf(name, version) })) });
      if (i === 0 && version === 1)
        for (const name of names.slice(0, HYBRID))
          await caller.secrets.update({ name, algorithm: "hybrid-quantum" });
    }
    tenants.push({ id, token });
  }
});
afterAll(() => house.close());

/** How many values, old versions too, cannot be read by a process with nothing cached. */
async function unreadable(): Promise<number> {
  const server = await house.another({ provider: provider(), hybrid });
  let failed = 0;
  for (const { token } of tenants) {
    const caller = callerOf(server, token);
    const { secrets } = await caller.secrets.revealMany({ names }).catch(() => ({ secrets: [] }));
    failed += names.length - secrets.filter(({ name, value }) => value === textOf(name, 2)).length;
    for (const { id, name } of [secrets[0]!, secrets.at(-1)!]) {
      const old = await caller.versions.reveal({ id, version: 1 }).catch(() => null);
      if (old?.value !== textOf(name, 1)) failed++;
    }
  }
  return failed;
}

/** Has another process run the job, and kills it a moment after so many keys. Answers whether it was done before. */
async function runAndKill(
  job: "rotateTenant" | "reEncrypt" | "removeOpener",
  input: object,
  keys: number,
): Promise<boolean> {
  const script = fileURLToPath(new URL("./renew.fixture.ts", import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const { url } = house.database;
  child.stdin.end(JSON.stringify({ url, current: rootKey, seed, token: house.operatorToken, job, input }));
  let heard = 0;
  for await (const _ of createInterface({ input: child.stdout }))
    if (++heard === keys) {
      await delay(randomInt(0, 40));
      child.kill("SIGKILL");
    }
  const [code] = await ended;
  return code === 0;
}

// So many keys does a run handle that nobody kills: 2 or 3 a version, and a few a term.
const KEYS = { rotateTenant: TENANTS * SECRETS * 2 * 3, reEncrypt: TENANTS * SECRETS * 2 * 3 };

test.each([
  ["rotateTenant", {}],
  ["reEncrypt", {}],
  ["reEncrypt", { digests: true }],
] as const)(
  `%s %j, killed at ${ROUNDS} random moments, leaves every value readable, and a second run finishes it`,
  async (job, input) => {
    const operator = callerOf(await house.another({ provider: provider(), hybrid }), house.operatorToken);
    let killed = 0;
    for (let round = 0; round < ROUNDS; round++) {
      if (!(await runAndKill(job, input, randomInt(1, KEYS[job])))) killed++;
      expect(await unreadable(), `round ${round}`).toBe(0);
      expect(await toItsEnd(() => operator.keys[job](input))).toMatchObject({ state: "done", problem: null });
      expect(await unreadable(), `round ${round}, finished`).toBe(0);
      const terms = await house.sql(
        "SELECT 1 FROM control_plane.tenant_keys WHERE purpose = 'value' OR $1::boolean",
        ["digests" in input],
      );
      expect(terms.length).toBe("digests" in input ? TERMS * 2 : TERMS);
    }
    expect(killed).toBeGreaterThan(ROUNDS / 3);
    await house.verify();
  },
  30_000 + ROUNDS * 20_000,
);

test(
  `the removal of an opener, killed at ${ROUNDS} random moments, leaves every value readable, and a second run finishes it`,
  async () => {
    const operator = callerOf(await house.another({ provider: provider(), hybrid }), house.operatorToken);
    let killed = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const extra = localRootKey(randomBytes(32));
      const opener = (await extra.current()).id;
      const having = await house.another({ provider: provider(), hybrid, also: [extra] });
      await toItsEnd(() => callerOf(having, house.operatorToken).keys.rotateTenant({}));
      if (!(await runAndKill("removeOpener", { opener }, randomInt(1, KEYS.reEncrypt)))) killed++;
      expect(await unreadable(), `round ${round}`).toBe(0);
      const [open] = (await operator.keys.status({})).jobs.filter(({ kind }) => kind === "remove_opener");
      if (open?.opener !== opener || open.state !== "done")
        expect(await toItsEnd(() => operator.keys.removeOpener({ opener }))).toMatchObject({ state: "done" });
      expect(await unreadable(), `round ${round}, finished`).toBe(0);
      const left = await house.sql("SELECT 1 FROM control_plane.key_wraps WHERE opener = $1", [opener]);
      expect(left.length).toBe(0);
    }
    expect(killed).toBeGreaterThan(ROUNDS / 3);
    await house.verify();
  },
  30_000 + ROUNDS * 20_000,
);
