import type { Destination, NewSecret } from "./destination.ts";
import type { Digests } from "./digest.ts";
import type { Source } from "./entry.ts";
import { Lots } from "./lots.ts";
import { keyOf, type Mapping, nameProblem, targetOf } from "./target.ts";

export interface Written {
  read: number;
  /** Secrets that were made, or that got a new version. */
  changed: number;
  /** Secrets whose other value was kept, as asked: their targets' keys. */
  kept: ReadonlySet<string>;
}

/**
 * Writes a source's secrets, some hundreds in a call, each call all or nothing. What was cut short is done again from
 * the beginning: a secret that has its value already is not touched.
 */
export async function writeImport(
  source: Source,
  destination: Destination,
  digests: Digests,
  mapping: Mapping,
  options: {
    reason: string;
    onDifference: "overwrite" | "keep";
    signal?: AbortSignal;
    progress?: (read: number) => void;
  },
): Promise<Written> {
  const kept = new Set<string>();
  const written: Written = { read: 0, changed: 0, kept };
  const done = new Set<string>();
  const lots = new Lots<NewSecret>(async (place, items) => {
    let secrets = items;
    if (options.onDifference === "keep") {
      const there = await destination.digests(
        place,
        items.map(({ name }) => name),
      );
      secrets = items.filter(({ name, value }) => !there.has(name) || there.get(name) === digests.of(value));
      for (const { name } of items.filter((item) => !secrets.includes(item)))
        kept.add(keyOf({ ...place, name }));
    }
    // Several places are under way at once: what the sum was before it is waited for is old after it.
    const changed = secrets.length > 0 ? await destination.set(place, secrets, options.reason) : 0;
    written.changed += changed;
    for (const { value } of items) value.fill(0);
  });
  for await (const entry of source.read(options.signal)) {
    written.read++;
    if (written.read % 500 === 0) options.progress?.(written.read);
    const target = targetOf(entry, mapping);
    if (target === null || entry.value.length === 0 || nameProblem(target.name) !== null) continue;
    const key = keyOf(target);
    if (done.has(key)) continue; // the same value twice: two values were refused before
    done.add(key);
    await lots.add(target, { name: target.name, value: entry.value }, entry.value.length);
  }
  await lots.flush();
  options.progress?.(written.read);
  return written;
}
