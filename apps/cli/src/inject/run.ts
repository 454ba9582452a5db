import { setTimeout as delay } from "node:timers/promises";
import { findPlace, type Place, type PlaceOptions } from "../place/place.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";
import { type Child, startChild } from "./child.ts";
import { folderOf, onePlace, type Read, readAll, type Which, whichSecrets } from "./read-all.ts";
import { asVariables, type Variables } from "./variables.ts";

export interface RunOptions extends PlaceOptions {
  path?: string;
  only?: readonly string[];
  watch?: boolean;
  redact?: boolean;
  /** Start with the last copies of what `--only` names, where the server does not answer. */
  fallback?: boolean;
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
  const given = await findPlace(terminal, options);
  if (options.fallback && options.only === undefined)
    throw new CommandError(
      EXIT.usage,
      "--fallback keeps copies of what --only names, and of nothing else. Name them: --only DB_URL,STRIPE_KEY",
    );
  const { place, ...first } = await firstVariables(terminal, given, options);
  let { variables, state } = first;
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

/** What the command starts with; with `--fallback`, the copies of before where the server does not answer. */
async function firstVariables(terminal: Terminal, given: Place, options: RunOptions) {
  if (!options.fallback) {
    const place = await onePlace(given);
    return { place, ...(await variablesOf(terminal, place, options)) };
  }
  const { readWithCopies } = await import("./copies.ts");
  const { place, read } = await readWithCopies(terminal, given, options);
  return { place, ...named(terminal, read, options) };
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
  return named(terminal, read, which);
}

function named(terminal: Terminal, read: readonly Read[], which: Which) {
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
