import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { CommandError, EXIT } from "../terminal.ts";
import { redacting } from "./redact.ts";
import { openVariables, type Variables } from "./variables.ts";

/** How long a child that was told to end may take, in milliseconds. */
export const PATIENCE_MS = 10_000;

export interface Child {
  /** The exit code, as a shell says it: 128 and the signal's number where a signal ended it. */
  readonly ended: Promise<number>;
  signal(signal: NodeJS.Signals): void;
  /** Ends it: SIGTERM, and SIGKILL where that is not heard. */
  end(): Promise<number>;
}

export interface ChildOptions {
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  variables: Variables;
  redact: boolean;
  /** Where a redacted child's output goes. */
  out?: NodeJS.WritableStream;
  err?: NodeJS.WritableStream;
  patienceMs?: number;
}

/** Starts a command with the variables in its environment: never in its arguments. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const { command, args, redact } = options;
  const variables = openVariables(options.variables);
  const child = spawn(command, args, {
    env: { ...options.env, ...variables },
    stdio: ["inherit", redact ? "pipe" : "inherit", redact ? "pipe" : "inherit"],
  });
  const values = Object.values(variables);
  const flushed = redact
    ? [
        masked(child.stdout!, values, options.out ?? process.stdout),
        masked(child.stderr!, values, options.err ?? process.stderr),
      ]
    : [];
  await spawned(child, command);
  const ended = exitCode(child).then(async (code) => {
    await Promise.all(flushed);
    return code;
  });
  return {
    ended,
    signal: (signal) => void child.kill(signal),
    async end() {
      child.kill("SIGTERM");
      const kill = setTimeout(() => child.kill("SIGKILL"), options.patienceMs ?? PATIENCE_MS);
      try {
        return await ended;
      } finally {
        clearTimeout(kill);
      }
    },
  };
}

function masked(stream: Readable, values: readonly string[], to: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    const clean = stream.pipe(redacting(values));
    clean.pipe(to, { end: false });
    clean.once("end", resolve);
  });
}

function spawned(child: ChildProcess, command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error: NodeJS.ErrnoException) => {
      // As shells have it: 127 where there is no such command, 126 where it cannot be run.
      if (error.code === "ENOENT") reject(new CommandError(127, `There is no command named ${command}.`));
      else if (error.code === "E2BIG")
        reject(
          new CommandError(
            126,
            "The secrets are more than an environment can hold. Choose with --only or --path.",
          ),
        );
      else reject(new CommandError(126, `${command} cannot be run (${error.code ?? EXIT.failed}).`));
    });
  });
}

function exitCode(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once("close", (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
