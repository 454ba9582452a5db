import type { Verb } from "@keyfold/secrets";

/**
 * How many values a call asks for, as the limits of reveals count them: each that it is answered, and each that it is told
 * about (whether it is what somebody thinks). 0 for a verb that does neither.
 * @param input as it came: not parsed yet, and perhaps no input at all
 */
export function valuesAskedFor({ action }: Pick<Verb, "action">, input: unknown): number {
  if (action !== "secret.reveal" && action !== "version.reveal") return 0;
  const { names, items } = (input ?? {}) as { names?: unknown; items?: unknown };
  const many = Array.isArray(names) ? names : Array.isArray(items) ? items : [];
  return Math.max(1, many.length);
}
