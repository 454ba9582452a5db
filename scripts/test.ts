// `pnpm test`: type check, lint, drift, docs, and every package's tests; the last line counts them.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const env = {
  ...process.env,
  TURBO_TELEMETRY_DISABLED: "1",
  // Every package's tests load much the same files.
  NODE_COMPILE_CACHE: join(root, "node_modules/.cache/compile"),
};
let failedSteps = 0;

function step(name: string, command: string, args: readonly string[]): void {
  const started = performance.now();
  console.log(`\n── ${name}`);
  const { status } = spawnSync(command, args, { cwd: root, env, stdio: "inherit" });
  if (status !== 0) failedSteps++;
  console.log(
    `── ${name}: ${status === 0 ? "passed" : "FAILED"} in ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
}

for (const report of reports()) rmSync(report, { force: true });
const turbo = ["run", "--output-logs=new-only", "--continue=always"];
step("type check and lint", "turbo", [...turbo, "typecheck", "lint"]);
step("types of what belongs to no package", "tsc", ["-p", "scripts"]);
step("lint of what belongs to no package", "biome", [
  "check",
  "scripts",
  "vitest.shared.ts",
  "turbo.json",
  "biome.json",
  "package.json",
  "tsconfig.base.json",
]);
step("the migrations make the schema that schema.prisma says", process.execPath, [
  "packages/db/src/cli.ts",
  "check",
]);
step("the docs name what exists", process.execPath, ["scripts/check-docs.ts"]);
// Two packages at a time: each brings up its own PostgreSQL, and one that waits leaves its core to the other.
step("tests", "turbo", [...turbo, "--concurrency=2", "test"]);

const count = { passed: 0, failed: 0, skipped: 0 };
for (const path of reports()) {
  const report = JSON.parse(readFileSync(path, "utf8")) as {
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
    numTodoTests: number;
  };
  console.log(
    `${relative(root, dirname(dirname(path))).padEnd(28)} ${report.numPassedTests} passed, ${report.numFailedTests} failed`,
  );
  count.passed += report.numPassedTests;
  count.failed += report.numFailedTests;
  count.skipped += report.numPendingTests + report.numTodoTests;
}
if (count.skipped > 0) {
  console.log(`${count.skipped} tests were skipped; each said why above.`);
  // What a person's machine lacks may be skipped there; CI has everything.
  if (process.env.CI) count.failed += count.skipped;
}
count.failed += failedSteps;
console.log(`\n${count.passed} passed, ${count.failed} failed`);
process.exit(count.failed === 0 && count.passed > 0 ? 0 : 1);

function reports(): string[] {
  const found: string[] = [];
  for (const group of ["packages", "apps", "examples", "bench"]) {
    const places =
      group === "bench"
        ? [join(root, group)]
        : readdirSync(join(root, group)).map((name) => join(root, group, name));
    for (const place of places) {
      const path = join(place, "node_modules/.keyfold-test.json");
      if (statSync(path, { throwIfNoEntry: false })) found.push(path);
    }
  }
  return found;
}
