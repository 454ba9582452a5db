import { writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describeCause } from "@keyfold/secrets";
import { pino } from "pino";
import { parseConfig } from "./config.ts";
import { inTurns } from "./observe/in-turns.ts";
import { createLog } from "./observe/log.ts";
import { boot, type Running } from "./start/boot.ts";
import { harden } from "./start/harden.ts";
import { sentenceOf } from "./start/start-error.ts";

const panelDir = fileURLToPath(new URL("../../web/dist", import.meta.url));

/** For people: what a start has to say goes to standard output, the log to standard error. */
const print = (text: string): void => void writeSync(1, text);
const complain = (text: string): void => void writeSync(2, `${text}\n`);

async function main(): Promise<void> {
  let stopping: number | null = null;
  let running: Running | null = null;

  const stop = async () => {
    if (stopping !== null) {
      // Asked twice: at once. But one Ctrl-C can arrive twice, from the terminal and from the package manager.
      if (performance.now() - stopping > 1000) process.exit(130);
      return;
    }
    stopping = performance.now();
    // A start that is not done yet stops when it is: half a start has nothing that could be stopped cleanly.
    if (running !== null) await end(running);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stop());

  const config = parseConfig(process.env, process.cwd());
  if (config.mode === "production") harden(complain);
  for (const warning of config.warnings) complain(warning);
  const destination = inTurns(pino.destination({ fd: 2, sync: false }));
  // However it ends: also asked twice to stop, with its answers still under way.
  process.on("exit", () => destination.flushSync());
  const log = createLog({ level: config.logLevel, destination });
  // Node would print the error as it is, and a driver's can hold what it was asked to store.
  process.on("uncaughtException", (error) => {
    log.fatal({ cause: describeCause(error) }, "an error that nobody caught");
    process.exit(1);
  });
  running = await boot({ config, log, panelDir, print });
  void running.lost.then(() => {
    if (stopping !== null) return;
    complain("The embedded database has ended by itself. Start Keyfold again.");
    process.exitCode = 1;
    void stop();
  });
  if (stopping !== null) await end(running);

  async function end(server: Running): Promise<void> {
    try {
      await server.stop();
    } catch (error) {
      complain(sentenceOf(error));
      process.exitCode = 1;
    }
    process.exit();
  }
}

try {
  await main();
} catch (error) {
  complain(sentenceOf(error));
  process.exit(1);
}
