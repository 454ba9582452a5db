import { type Verb, verbs } from "@keyfold/secrets";
import { valuesAskedFor } from "../http/limits/reveals.ts";

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
