import { randomInt } from "node:crypto";
import type { Destination } from "./destination.ts";
import type { Digests } from "./digest.ts";
import type { Source } from "./entry.ts";
import { Lots } from "./lots.ts";
import { keyOf, type Mapping, nameProblem, type Target, targetOf } from "./target.ts";

export interface Verified {
  /** Secrets in the source that the mapping takes. */
  secrets: number;
  /** How many of them were compared by value. */
  compared: number;
  missing: Difference[];
  differing: Difference[];
}

export interface Difference {
  from: string;
  target: Target;
}

/**
 * Reads both sides anew and compares them: every value, or a sample of so many drawn at random, by a digest under this
 * run's own key.
 */
export async function verifyImport(
  source: Source,
  destination: Destination,
  digests: Digests,
  mapping: Mapping,
  options: {
    /** Keys of targets whose own value was kept: what they differ in is no difference. */
    kept?: ReadonlySet<string>;
    sample?: number;
    signal?: AbortSignal;
    progress?: (read: number) => void;
  } = {},
): Promise<Verified> {
  destination.forget();
  const found: Verified = { secrets: 0, compared: 0, missing: [], differing: [] };
  const lots = new Lots<Difference & { digest: string }>(async (place, items) => {
    const there = await destination.digests(
      place,
      items.map(({ target }) => target.name),
    );
    for (const { from, target, digest } of items) {
      found.compared++;
      const value = there.get(target.name);
      if (value === undefined) found.missing.push({ from, target });
      else if (value.digest !== digest) found.differing.push({ from, target });
    }
  });
  const seen = new Set<string>();
  const sample: (Difference & { digest: string })[] = [];
  for await (const entry of source.read(options.signal)) {
    const target = targetOf(entry, mapping);
    const empty = entry.value.countBytes() === 0;
    const digest = digests.of(entry.value);
    entry.value.wipe();
    if (target === null || empty || nameProblem(target.name) !== null) continue;
    const key = keyOf(target);
    if (seen.has(key) || options.kept?.has(key)) continue;
    seen.add(key);
    found.secrets++;
    if (found.secrets % 500 === 0) options.progress?.(found.secrets);
    const item = { from: entry.from, target, digest };
    if (options.sample === undefined) await lots.add(target, item, 0);
    // Reservoir sampling (Vitter, Algorithm R): each is as likely as any other, in one pass.
    else if (sample.length < options.sample) sample.push(item);
    else {
      const at = randomInt(found.secrets);
      if (at < options.sample) sample[at] = item;
    }
  }
  for (const item of sample) await lots.add(item.target, item, 0);
  await lots.flush();
  options.progress?.(found.secrets);
  return found;
}
