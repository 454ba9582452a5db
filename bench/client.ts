import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createKeyfold } from "@keyfold/client";
import { startKeyfold, VALUE } from "./keyfold.ts";
import { inTurnAsync, median, type Row } from "./measure.ts";

const CLI = fileURLToPath(new URL("../apps/cli/", import.meta.url));
/** As it is installed: one file and what its commands load. */
const KEYFOLD = join(CLI, "dist/packed/main.js");
const DOTENVX = fileURLToPath(new URL("./node_modules/.bin/dotenvx", import.meta.url));

/** A read from the client's memory, and what `keyfold run` adds to a command. */
export async function clientRows(quick: boolean): Promise<Row[]> {
  const keyfold = await startKeyfold();
  const folder = await mkdtemp(join(tmpdir(), "keyfold-bench-run-"));
  try {
    const names = Array.from({ length: 100 }, (_, i) => `KEY_${String(i).padStart(3, "0")}`);
    const bench = createKeyfold({
      url: keyfold.url,
      token: keyfold.token,
      cache: { maxAgeMs: 3_600_000 },
    }).tenant();
    await bench.getMany(names);
    const map = new Map(names.map((name) => [name, VALUE]));
    let next = 0;
    const [rate, baselineRate] = await inTurnAsync(
      () => bench.get(names[next++ % 100]!),
      async () => map.get(names[next++ % 100]!),
      { rounds: quick ? 3 : 7 },
    );

    await writeFile(join(folder, ".env"), names.map((name) => `${name}=${VALUE}\n`).join(""));
    const env = { ...process.env, KEYFOLD_URL: keyfold.url, KEYFOLD_TOKEN: keyfold.token };
    await promisify(execFile)(process.execPath, ["pack/bundle.ts"], { cwd: CLI });
    // What a start costs, in milliseconds of CPU time, user and system: how busy the machine is besides changes little of it.
    const timed = (command: string, args: string[]) => async () => {
      const script = 'TIMEFORMAT="%3U %3S"; time "$@" > /dev/null 2>&1';
      const { stderr } = await promisify(execFile)("bash", ["-ec", script, "bash", command, ...args], {
        cwd: folder,
        env,
      });
      const [user, system] = stderr.trim().split(" ").map(Number) as [number, number];
      return (user + system) * 1000;
    };
    const programs = [
      timed(process.execPath, [KEYFOLD, "run", "--", "true"]),
      timed(process.execPath, ["-e", "0"]),
      timed(DOTENVX, ["run", "-q", "--", "true"]),
    ];
    const times: number[][] = programs.map(() => []);
    // In turn, so that a machine whose speed drifts slows all; the first round warms up.
    for (let round = -1; round < (quick ? 3 : 9); round++)
      for (const [index, program] of programs.entries()) {
        const time = await program();
        if (round >= 0) times[index]!.push(time);
      }
    const [ours, node, dotenvx] = times.map((all) => 1000 / median(all)) as [number, number, number];
    const what = `\`keyfold run -- true\` with 100 secrets over HTTP: starts per second of CPU time (${Math.round(1000 / ours)} ms)`;
    return [
      { what: "client: get from memory", rate, baseline: "awaiting Map.get", baselineRate },
      { what, rate: ours, baseline: "`node -e 0`", baselineRate: node },
      {
        what,
        rate: ours,
        baseline: "`dotenvx run -- true` with 100 values in a file",
        baselineRate: dotenvx,
      },
    ];
  } finally {
    await keyfold.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
