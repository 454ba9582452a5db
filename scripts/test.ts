// `pnpm test`: type check, lint, drift, docs, and every package's tests; the last line counts them.
import { spawn, spawnSync } from "node:child_process";
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

type Command = readonly [string, ...string[]];

/** Runs commands one after the other, as long as they succeed; what they say is kept until they are done. */
async function checked(name: string, ...commands: readonly Command[]): Promise<void> {
  const started = performance.now();
  let said = "";
  let passed = true;
  for (const [command, ...args] of commands) {
    const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (text: Buffer) => {
        said += text;
      });
    passed &&= await new Promise<boolean>((resolve) => {
      child.once("error", (error) => {
        said += `${error.message}\n`;
        resolve(false);
      });
      child.once("close", (code) => resolve(code === 0));
    });
    if (!passed) break;
  }
  console.log(`\n── ${name}\n${said}${verdict(name, passed, started)}`);
}

function verdict(name: string, passed: boolean, started: number): string {
  if (!passed) failedSteps++;
  return `── ${name}: ${passed ? "passed" : "FAILED"} in ${((performance.now() - started) / 1000).toFixed(1)} s`;
}

for (const report of reports()) rmSync(report, { force: true });
const projects = readdirSync(root)
  .filter((group) => ["packages", "apps", "examples"].includes(group))
  .flatMap((group) => readdirSync(join(root, group)).map((name) => `${group}/${name}`))
  .filter(
    (place) =>
      place !== "apps/web" && statSync(join(root, place, "tsconfig.json"), { throwIfNoEntry: false }),
  );
const own = (project: string): Command => {
  const info = `node_modules/.cache/${project.replaceAll(/\W+/g, "-")}.tsbuildinfo`;
  return ["tsc", "--noEmit", "--incremental", "--tsBuildInfoFile", info, "-p", project];
};
// One compiler over all of them reads what they share once: a third of the work of one for each.
await Promise.all([
  checked(
    "types",
    [process.execPath, "packages/db/src/cli.ts", "generate"],
    ["tsc", "-b", ...projects],
    ...["apps/web", "apps/web/test", "bench", "scripts"].map(own),
  ),
  checked("lint", ["biome", "check", "."])
    .then(() =>
      checked("the migrations make the schema that schema.prisma says", [
        process.execPath,
        "packages/db/src/cli.ts",
        "check",
      ]),
    )
    .then(() => checked("the docs name what exists", [process.execPath, "scripts/check-docs.ts"])),
]);
// Two packages at a time: each brings up its own PostgreSQL, and one that waits leaves its core to the other.
const started = performance.now();
console.log("\n── tests");
const tests = ["run", "--output-logs=new-only", "--continue=always", "--concurrency=2", "test"];
const { status } = spawnSync("turbo", tests, { cwd: root, env, stdio: "inherit" });
console.log(verdict("tests", status === 0, started));

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: {
    name: string;
    /** Why the file as a whole failed, such as in its setup. */
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages?: string[] }[];
  }[];
}

const count = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];
for (const path of reports()) {
  const report = JSON.parse(readFileSync(path, "utf8")) as Report;
  failures.push(...failuresOf(report));
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
// Once more where they are found: above them stand the lines of everything that ran beside them.
for (const failure of failures) console.log(`\n✗ ${failure}`);
console.log(`\n${count.passed} passed, ${count.failed} failed`);
process.exit(count.failed === 0 && count.passed > 0 ? 0 : 1);

/** Each failed test of a package, with its file and the beginning of why. */
function failuresOf({ testResults }: Report): string[] {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter(({ status }) => status === "failed");
    const tests = failed.map(({ fullName, failureMessages = [] }) =>
      [`${file} > ${fullName}`, ...failureMessages.map(beginningOf)].join("\n"),
    );
    return message === "" ? tests : [`${file}\n${beginningOf(message)}`, ...tests];
  });
}

/** What a message says, and where in our own files. */
function beginningOf(text: string): string {
  const lines = text.split("\n");
  const at = lines.findIndex((line) => /^\s+at /.test(line));
  const where = lines.slice(at).find((line) => !/node_modules|node:/.test(line));
  const said = at === -1 ? lines : [...lines.slice(0, at), ...(where === undefined ? [] : [where])];
  return said
    .slice(0, 12)
    .map((line) => `    ${line.replace(`file://${root}/`, "").replace(/\?vitest=\d+/, "")}`)
    .join("\n");
}

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
