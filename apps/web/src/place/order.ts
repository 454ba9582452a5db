import { inOrderOfNames } from "../locale.ts";

// People think dev, staging, prod; other names follow, by the alphabet.
const ORDER = ["dev", "staging", "prod"];
const rank = (name: string): number => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);

/** Environments as people go through them. */
export function inOrder<T extends { name: string }>(environments: readonly T[]): T[] {
  return environments.toSorted((a, b) => rank(a.name) - rank(b.name) || inOrderOfNames(a.name, b.name));
}
