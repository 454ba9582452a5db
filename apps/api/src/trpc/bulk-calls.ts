import { type Verb, verbs } from "@keyfold/secrets";
import { valuesAskedFor } from "../http/reveals.ts";

/** Calls that carry up to 8 MiB of values. */
const BULK: ReadonlySet<string> = new Set(["secrets.revealMany", "secrets.setMany"]);
/** Calls that answer one value, of up to 1 MiB. */
const SINGLE: ReadonlySet<string> = new Set(["secrets.reveal", "versions.reveal"]);
/** As many single values as a bulk call carries. */
const MOST_SINGLE = 8;

/** How many of a request's calls are bulk calls. */
export const bulkCalls = (paths: readonly string[]): number => paths.filter((path) => BULK.has(path)).length;

/** Whether a request's answer can be as large as a bulk call's, and so has to wait for its turn. */
export const isLarge = (paths: readonly string[]): boolean =>
  bulkCalls(paths) > 0 || paths.filter((path) => SINGLE.has(path)).length > MOST_SINGLE;

const BY_PATH: ReadonlyMap<string, Verb> = new Map(
  Object.entries(verbs).flatMap(([noun, of]) =>
    Object.entries(of as Record<string, Verb>).map(([name, verb]) => [`${noun}.${name}`, verb] as const),
  ),
);

/**
 * How many values a request's calls ask for, together.
 * @param inputs as they came, in superjson's wrapping: of a batch by the call's number
 */
export function valuesIn(paths: readonly string[], batch: boolean, inputs: unknown): number {
  let sum = 0;
  for (const [i, path] of paths.entries()) {
    const verb = BY_PATH.get(path);
    const sent = batch ? (inputs as Record<number, unknown> | null | undefined)?.[i] : inputs;
    if (verb !== undefined)
      sum += valuesAskedFor(verb, (sent as { json?: unknown } | null | undefined)?.json);
  }
  return sum;
}
