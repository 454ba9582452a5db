// `pnpm start`: builds the panel, before which turbo generates and builds all that it depends on, the API too, and runs that.
import { spawn, spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ARGUMENTS, ENVIRONMENT } from "./as-started.ts";

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

// The server is in a process of its own and handles the signals; this one only passes its exit code on.
const server = spawn(process.execPath, ARGUMENTS, {
  cwd: root,
  env: { ...ENVIRONMENT, ...process.env },
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    // From the terminal the server has it already; from elsewhere it has not.
    if (signal !== "SIGINT" || !process.stdin.isTTY) server.kill(signal);
  });
}
server.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
