import type { Rotator } from "./rotator.ts";

/** The rotators of a deployment, by kind. */
export type Rotators = ReadonlyMap<string, Rotator>;

/** @throws TypeError where two have one kind */
export function rotatorsOf(list: readonly Rotator[]): Rotators {
  const rotators = new Map<string, Rotator>();
  for (const rotator of list) {
    if (rotators.has(rotator.kind))
      throw new TypeError(`There are two rotators of the kind ${rotator.kind}.`);
    rotators.set(rotator.kind, rotator);
  }
  return rotators;
}
