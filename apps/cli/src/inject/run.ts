import { setTimeout as delay } from "node:timers/promises";
import { findPlace, type Place, type PlaceOptions } from "../place/place.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";
import { type Child, startChild } from "./child.ts";
import { folderOf, onePlace, readAll, type Which, whichSecrets } from "./read-all.ts";
import { asVariables, type Variables } from "./variables.ts";

export interface RunOptions extends PlaceOptions {
  path?: string;
  only?: readonly string[];
  watch?: boolean;
  redact?: boolean;
  /** How often `--watch` looks, in milliseconds. */
  everyMs?: number;
}

/** Signals that are handed on. SIGINT and SIGQUIT of a terminal reach the child by themselves. */
const FORWARDED = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGQUIT"] as const;
const FROM_TERMINAL: ReadonlySet<string> = new Set(["SIGINT", "SIGQUIT"]);
const WATCH_MS = 5_000;

/**
 * Runs a command with the place's secrets in its environment, and ends with its exit code.
 * @param signals where signals to this process come from; tests bring their own
 */
export async function runCommand(
  terminal: Terminal,
  [command, ...args]: readonly string[],
  options: RunOptions,
  signals: NodeJS.EventEmitter = process,
): Promise<number> {
  if (command === undefined)
    throw new CommandError(EXIT.usage, "Which command? For example: keyfold run -- node server.js");
  const place = await onePlace(await findPlace(terminal, options));
  let { variables, state } = await variablesOf(terminal, place, options);
  const start = () =>
    startChild({ command, args, env: terminal.env, variables, redact: options.redact ?? false });
  let child: Child = await start();
  const asked = handOn(signals, terminal, () => child);
  try {
    if (!options.watch) return await child.ended;
    for (;;) {
      const stop = new AbortController();
      const code = await Promise.race([
        child.ended,
        changed(place, options, state, stop.signal).then((next) => ({ next })),
      ]).finally(() => stop.abort());
      if (typeof code === "number") return code;
      if (asked.toEnd) return await child.ended;
      ({ variables, state } = await variablesOf(terminal, place, options));
      terminal.err("keyfold: secrets changed, starting the command again.\n");
      await child.end();
      if (asked.toEnd) return await child.ended;
      child = await start();
    }
  } finally {
    asked.stop();
  }
}

async function variablesOf(
  terminal: Terminal,
  place: Place,
  which: Which,
): Promise<{ variables: Variables; state: string }> {
  const secrets = await whichSecrets(place, which);
  const read = await readAll(
    place,
    secrets.map(({ name }) => name),
  );
  const { variables, left } = asVariables(read, {
    folder: which.path === undefined ? "" : folderOf(which.path),
    named: which.only !== undefined,
  });
  if (left.length > 0)
    terminal.err(
      `keyfold: ${left.join(", ")} would decide which code runs, and ${left.length === 1 ? "is" : "are"} left out. Name what you mean with --only.\n`,
    );
  return { variables, state: spelt(read) };
}

const spelt = (secrets: readonly { name: string; version: number }[]): string =>
  JSON.stringify(secrets.map(({ name, version }) => [name, version]).sort());

/** Resolves when the secrets are others than they were; a server that does not answer changes nothing. */
async function changed(place: Place, options: RunOptions, state: string, stop: AbortSignal): Promise<void> {
  for (;;) {
    await delay(options.everyMs ?? WATCH_MS, undefined, { signal: stop }).catch(() => {});
    if (stop.aborted) return new Promise(() => {});
    const now = await whichSecrets(place, options).catch(() => null);
    if (now !== null && spelt(now) !== state) return;
  }
}

function handOn(signals: NodeJS.EventEmitter, terminal: Terminal, child: () => Child) {
  const asked = { toEnd: false, stop };
  const hear = (signal: NodeJS.Signals) => {
    if (["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"].includes(signal)) asked.toEnd = true;
    if (terminal.input?.isTerminal && FROM_TERMINAL.has(signal)) return;
    child().signal(signal);
  };
  for (const signal of FORWARDED) signals.on(signal, hear);
  function stop() {
    for (const signal of FORWARDED) signals.off(signal, hear);
  }
  return asked;
}
