import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { localRootKey, rootKeyFromText } from "@keyfold/envelope";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type House, openHouse } from "../../testing/house.ts";
import { fileTarget } from "../testing/file-target.ts";
import type { Told } from "./killed.fixture.ts";

/** Before and after each of make, set, test and finish. */
const MOMENTS = 8;
const rootKey = randomBytes(32).toString("base64");
let folder: string;
let file: string;
let house: House;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-rotation-"));
  file = join(folder, "target.json");
  house = await openHouse({
    provider: localRootKey(rootKeyFromText(rootKey)),
    rotators: [fileTarget(file)],
  });
});
afterAll(async () => {
  await house.verify().finally(() => house.close());
  await rm(folder, { recursive: true });
});

/** Has another process run the scheduler, and kills it where it stands still. Answers what it said last. */
async function runAndKill(haltAt: number): Promise<string> {
  const script = fileURLToPath(new URL("./killed.fixture.ts", import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  child.stdin.end(JSON.stringify({ url: house.database.url, rootKey, file, haltAt } satisfies Told));
  let last = "";
  for await (const line of createInterface({ input: child.stdout })) {
    last = line;
    if (line === "halted") child.kill("SIGKILL");
  }
  await ended;
  return last;
}

const atTarget = () => JSON.parse(readFileSync(file, "utf8")) as string[];

test(`the scheduler's process is killed with SIGKILL at each of ${MOMENTS} moments: readers always have a value that works, and the next process finishes, once`, async () => {
  const { caller } = await house.tenant("acme");
  for (let haltAt = 1; haltAt <= MOMENTS; haltAt++) {
    const first = `not-real-first-${haltAt}`;
    writeFileSync(file, JSON.stringify([first]));
    const { id } = await caller.secrets.create({ name: `K${haltAt}`, value: first });
    await caller.rotation.setPolicy({ id, rotator: { kind: "file-target" } });
    await caller.rotation.runNow({ id });
    expect(await runAndKill(haltAt), `moment ${haltAt}`).toBe("halted");
    expect(atTarget(), `killed at moment ${haltAt}`).toContain((await caller.secrets.reveal({ id })).value);

    // Who was killed holds the rotation for two minutes.
    await house.moveClock(`${haltAt * 3} minutes`);
    await house.server.jobs.find(({ name }) => name === "rotations.run")!.run();
    expect(await caller.rotation.status({ id })).toMatchObject({ phase: "done", version: 2 });
    expect((await caller.versions.list({ id })).versions.map((v) => [v.version, v.state])).toEqual([
      [2, "current"],
      [1, "grace"],
    ]);
    expect(atTarget()).toContain((await caller.secrets.reveal({ id })).value);
  }
  expect(await runAndKill(1)).toBe("done");
}, 300_000);
