import { isKeyfoldError } from "@keyfold/client";
import type { SecretValue } from "@keyfold/envelope/secret-value";
import { type Destination, MOST_BYTES, MOST_ITEMS, type NewSecret, type Place } from "./destination.ts";
import type { Digests } from "./digest.ts";

/** A secret with all the values that it had, oldest first, the newest last; no two that follow each other are equal. */
export interface Past {
  name: string;
  values: readonly SecretValue[];
}

/** How often it is looked anew where another import was faster. */
const MOST_TRIES = 5;

/** Values without empty ones, which are none here, and those that repeat the one before: setting them would change nothing. */
export const withoutRepeats = (values: readonly SecretValue[]): SecretValue[] =>
  values
    .filter((value) => value.countBytes() > 0)
    .filter((value, i, all) => i === 0 || !value.equals(all[i - 1]!));

/**
 * How many of a secret's values stand there already: as many as its version says, where that version has the value that an
 * import would have given it. null: something else stands there.
 */
export function alreadyThere(
  standing: { digest: string; version: number } | undefined,
  values: readonly SecretValue[],
  digests: Digests,
): number | null {
  if (standing === undefined) return 0;
  if (digests.of(values.at(-1)!) === standing.digest) return values.length;
  const same = values[standing.version - 1];
  return same !== undefined && digests.of(same) === standing.digest ? standing.version : null;
}

/**
 * Writes secrets with the values that they had before, each as a version of its own, from where an import that was cut short
 * left them. What another system or person put there meanwhile gets the newest value only.
 * @returns how many secrets changed, and how many older versions were made
 */
export async function writePasts(
  destination: Destination,
  digests: Digests,
  place: Place,
  pasts: readonly Past[],
  reason: string,
): Promise<{ changed: number; older: number }> {
  const changed = new Set<string>();
  let older = 0;
  for (let tries = 1; ; tries++) {
    const there = await destination.digests(
      place,
      pasts.map(({ name }) => name),
    );
    const left = pasts.flatMap(({ name, values }) => {
      const done = alreadyThere(there.get(name), values, digests);
      if (done === null) return [{ name, values: values.slice(-1), from: there.get(name)!.version }];
      return done === values.length ? [] : [{ name, values: values.slice(done), from: done }];
    });
    try {
      for (let step = 0; left.some(({ values }) => values.length > step); step++) {
        const items = left.flatMap(({ name, values, from }) =>
          values.length > step ? [{ name, value: values[step]!, expectedVersion: from + step }] : [],
        );
        for (const lot of lotsOf(items)) {
          await destination.set(place, lot, reason);
          for (const { name } of lot) changed.add(name);
          older += lot.filter(
            ({ name, value }) => value !== left.find((one) => one.name === name)!.values.at(-1),
          ).length;
        }
      }
      return { changed: changed.size, older };
    } catch (error) {
      // Another import is at the same secrets: what it has written counts.
      if (tries === MOST_TRIES || !isKeyfoldError(error, "version_mismatch")) throw error;
      destination.forgetPlace(place);
    }
  }
}

function* lotsOf(items: readonly NewSecret[]): Generator<NewSecret[]> {
  let lot: NewSecret[] = [];
  let bytes = 0;
  for (const item of items) {
    if (lot.length === MOST_ITEMS || (lot.length > 0 && bytes + item.value.countBytes() > MOST_BYTES)) {
      yield lot;
      [lot, bytes] = [[], 0];
    }
    lot.push(item);
    bytes += item.value.countBytes();
  }
  if (lot.length > 0) yield lot;
}
