import { writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { parseConfig } from "./config.ts";
import { createLog } from "./observe/log.ts";
import { boot, type Running } from "./start/boot.ts";
import { sentenceOf } from "./start/start-error.ts";

const panelDir = fileURLToPath(new URL("../../web/dist", import.meta.url));

/** For people: what a start has to say goes to standard output, the log to standard error. */
const print = (text: string): void => void writeSync(1, text);
const complain = (text: string): void => void writeSync(2, `${text}\n`);

async function main(): Promise<void> {
  let stopping: NodeJS.Signals | "lost" | null = null;
  let running: Running | null = null;

  const stop = async (why: NodeJS.Signals | "lost") => {
    if (stopping !== null) process.exit(130); // asked twice: at once
    stopping = why;
    // A start that is not done yet stops when it is: half a start has nothing that could be stopped cleanly.
    if (running !== null) await end(running);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void stop(signal));

  const config = parseConfig(process.env, process.cwd());
  for (const warning of config.warnings) complain(warning);
  const destination = pino.destination({ fd: 2, sync: false });
  const log = createLog({ level: config.logLevel, destination });
  running = await boot({ config, log, panelDir, print });
  void running.lost.then(() => {
    if (stopping !== null) return;
    complain("The embedded database has ended by itself. Start Keyfold again.");
    process.exitCode = 1;
    void stop("lost");
  });
  if (stopping !== null) await end(running);

  async function end(server: Running): Promise<void> {
    try {
      await server.stop();
    } catch (error) {
      complain(sentenceOf(error));
      process.exitCode = 1;
    }
    destination.flushSync();
    process.exit();
  }
}

try {
  await main();
} catch (error) {
  complain(sentenceOf(error));
  process.exit(1);
}
