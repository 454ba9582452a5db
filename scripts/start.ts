// `pnpm start`: builds the panel, before which turbo generates and builds all that it depends on, the API too, and runs that.
import { spawn, spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** V8 lets the space of new objects grow to 96 MB and never gives it back; a quarter serves as well (`node bench/memory.ts`). And it
 * collects what is old as soon as that has doubled; from 128 MB on it has less to do, a sixth of a reveal's whole work. */
const MEMORY = ["--max-semi-space-size=8", "--initial-old-space-size=128"];
/** As does glibc with what was freed, once something large was; said like this, it keeps 128 KB. Of no meaning elsewhere. */
const MALLOC = { MALLOC_TRIM_THRESHOLD_: "131072" };

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: "1" };

const build = spawnSync("turbo", ["run", "build", "--filter=@keyfold/web", "--output-logs=errors-only"], {
  cwd: root,
  env,
  stdio: ["ignore", "ignore", "inherit"],
});
if (build.status !== 0) {
  console.error("The build failed; what stands above says why. `pnpm exec turbo run build` shows all of it.");
  process.exit(build.status ?? 1);
}

// What was built: read as TypeScript it takes a second more to start, and 30 MB more of memory.
const program = ["--conditions=built", join(root, "apps/api/dist/main.js")];
// The server is in a process of its own and handles the signals; this one only passes its exit code on.
const server = spawn(process.execPath, [...MEMORY, ...program], {
  cwd: root,
  env: { ...MALLOC, ...process.env },
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    // From the terminal the server has it already; from elsewhere it has not.
    if (signal !== "SIGINT" || !process.stdin.isTTY) server.kill(signal);
  });
}
server.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
