import { readFileSync, writeFileSync } from "node:fs";
import { url as inspectorUrl } from "node:inspector";
import { StartError } from "./start-error.ts";

/** What shows memory to whoever can see the process: as Node's command line and NODE_OPTIONS name it. */
const SHOWS_MEMORY =
  /^--(inspect(-brk|-wait)?(=|$)|abort[-_]on[-_]uncaught[-_]exception|report-(on-fatalerror|on-signal|uncaught-exception)|heapsnapshot-(signal|near-heap-limit)|heap-prof$)/;

export interface Surroundings {
  execArgv: readonly string[];
  nodeOptions: string | undefined;
  /** Whether a debugger can connect now. */
  inspected: boolean;
}

/** Options that production refuses, each as a sentence. */
export function findMemoryOptions({ execArgv, nodeOptions, inspected }: Surroundings): string[] {
  const given = [...execArgv, ...(nodeOptions?.match(/\S+/g) ?? [])];
  const names = given.filter((option) => SHOWS_MEMORY.test(option)).map((option) => option.split("=")[0]!);
  if (names.length === 0 && inspected) names.push("an open inspector");
  return [...new Set(names)].map(
    (name) =>
      `Production does not start with ${name}: it shows the memory of the process, and with it keys and values. Take it out of the command line and of NODE_OPTIONS.`,
  );
}

/** The soft limit of core files, in bytes; null where the system does not say. */
function coreLimit(): number | null {
  try {
    const line = /^Max core file size\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
    return line === null ? null : line[1] === "unlimited" ? Number.POSITIVE_INFINITY : Number(line[1]);
  } catch {
    return null;
  }
}

/**
 * Keeps memory out of sight in production: no inspector, no debugger by signal, no reports, no core dumps. Node can take
 * neither a limit nor a flag of its own after it has started, so the process replaces itself once, by one with both: the
 * same process id, files and signals. What stands on disk of a core file afterwards is a frame without memory, where the
 * kernel's core pattern writes one in spite of the limit.
 * @throws StartError for an option that would show memory
 */
export function harden(say: (warning: string) => void): void {
  const problems = findMemoryOptions({
    execArgv: process.execArgv,
    nodeOptions: process.env.NODE_OPTIONS,
    inspected: inspectorUrl() !== undefined,
  });
  if (problems.length > 0) throw new StartError(problems.join("\n"));
  const limit = coreLimit();
  if (!process.execArgv.includes("--disable-sigusr1") && process.execve !== undefined) {
    const args = ["--disable-sigusr1", ...process.execArgv, ...process.argv.slice(1)];
    // Not every system has /bin/sh's ulimit; what came of it is looked at below, by the process that follows.
    const script = 'ulimit -c 0; exec "$0" "$@"';
    process.execve("/bin/sh", ["sh", "-c", script, process.execPath, ...args], definedOf(process.env));
  }
  if (limit !== null && limit > 0)
    say("Core dumps are not off: set the limit of core files to 0 (LimitCORE=0, or ulimit -c 0).");
  try {
    writeFileSync("/proc/self/coredump_filter", "0");
  } catch {
    if (limit === null)
      say("Whether core dumps are off cannot be seen on this system: set the limit of core files to 0.");
  }
  if (process.report !== undefined) {
    process.report.reportOnFatalError = false;
    process.report.reportOnSignal = false;
    process.report.reportOnUncaughtException = false;
  }
}

const definedOf = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])),
  );
