import type { Verb } from "@keyfold/secrets";

/**
 * How many values a call asks for, as the limits of reveals count them: each that it is answered, and each that it is told
 * about (whether it is what somebody thinks), and a secret's that a link shall show. 0 for a verb that does nothing of it.
 * @param input as it came: not parsed yet, and perhaps no input at all
 */
export function valuesAskedFor({ action }: Pick<Verb, "action">, input: unknown): number {
  const { id, name, names, items } = (input ?? {}) as Record<"id" | "name" | "names" | "items", unknown>;
  if (action === "link.share") return id === undefined && name === undefined ? 0 : 1;
  if (action !== "secret.reveal" && action !== "version.reveal") return 0;
  // Both: what is said beside the input, that one of them is undefined, was not looked at yet.
  return Math.max(1, lengthOf(names) + lengthOf(items));
}

const lengthOf = (list: unknown): number => (Array.isArray(list) ? list.length : 0);
