import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const web = join(import.meta.dirname, "../apps/web");

/** Builds the panel and has a browser measure it, as `npx -y pnpm@12 --filter @keyfold/web run bench` does by itself. @returns its sentences */
export async function panelFigures(): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "keyfold-bench-"));
  const said = join(folder, "said");
  try {
    await run("turbo", ["run", "build", "--filter=@keyfold/web", "--output-logs=errors-only"]);
    await run("vitest", ["run", "--config", "vitest.bench.config.ts"], { KEYFOLD_BENCH_SAID: said });
    return (await readFile(said, "utf8")).trimEnd().split("\n");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(command: string, args: readonly string[], settings: Record<string, string> = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: web,
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", ...settings },
      stdio: ["ignore", "ignore", "inherit"],
    });
    child.once("error", reject);
    child.once("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}`)),
    );
  });
}
