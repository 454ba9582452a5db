import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commandLine } from "../testing/command-line.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
/** How many times it is killed; `KEYFOLD_KILLS=100` for the long form. */
const ROUNDS = Number(process.env.KEYFOLD_KILLS ?? 8);
const SECRETS = 1500;

let served: Served;
let folder: string;
beforeAll(async () => {
  served = await serveHouse();
  folder = await mkdtemp(join(tmpdir(), "keyfold-killed-"));
});
afterAll(async () => {
  await served.close();
  await rm(folder, { recursive: true, force: true });
});

test(
  "an import that is killed at any moment loses nothing, doubles nothing, and its last report is true",
  async () => {
    const tokens = new Map<string, string>();
    for (const slug of ["one", "two", "three"]) tokens.set(slug, (await served.house.tenant(slug)).token!);
    const [csv, tokenFile, report] = ["all.csv", "tokens", "report.json"].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    const rows = Array.from({ length: SECRETS }, (_, i) => `${[...tokens.keys()][i % 3]},K${i},value ${i}`);
    await writeFile(csv, `tenant,name,value\n${rows.join("\n")}\n`);
    await writeFile(tokenFile, [...tokens].map(([slug, token]) => `${slug} ${token}\n`).join(""));
    const argv = ["import", "csv", csv, "--tokens", tokenFile, "--report", report];
    const env = { KEYFOLD_URL: served.url, KEYFOLD_TOKEN: tokens.get("one")! };

    // How long a whole run takes here: the moments to kill at are drawn from it.
    const began = performance.now();
    await commandLine([...argv, "--dry-run"], { env });
    const whole = (performance.now() - began) * 3;
    for (let round = 0; round < ROUNDS; round++) {
      const child = spawn(process.execPath, [MAIN, ...argv], {
        env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...env },
        stdio: "ignore",
      });
      const ended = new Promise((resolve) => child.once("close", resolve));
      const timer = setTimeout(() => child.kill("SIGKILL"), randomInt(1, Math.ceil(whole)));
      await ended;
      clearTimeout(timer);
    }

    expect(await commandLine(argv, { env })).toMatchObject({ exit: 0, err: "" });
    expect(JSON.parse(await readFile(report, "utf8"))).toMatchObject({
      complete: true,
      read: SECRETS,
      compared: SECRETS,
    });
    let found = 0;
    for (const token of tokens.values()) {
      const { secrets } = await served.house.as(token).secrets.list({ limit: 500 });
      expect(secrets.every(({ version }) => version === 1)).toBe(true);
      found += secrets.length;
    }
    expect(found).toBe(SECRETS);
    // The long form, on a machine that does other work as well.
  },
  600_000 + ROUNDS * 20_000,
);
