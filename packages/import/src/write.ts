import type { Destination, NewSecret } from "./destination.ts";
import type { Digests } from "./digest.ts";
import type { Entry, Source } from "./entry.ts";
import { alreadyThere, type Past, withoutRepeats, writePasts } from "./history.ts";
import { Lots } from "./lots.ts";
import { keyOf, type Mapping, nameProblem, targetOf } from "./target.ts";

export interface Written {
  read: number;
  /** Secrets that were made, or that got a new version. */
  changed: number;
  /** Older values that became versions of their own. */
  older: number;
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
  const written: Written = { read: 0, changed: 0, older: 0, kept };
  const done = new Set<string>();
  const lots = new Lots<NewSecret & Pick<Entry, "older">>(async (place, items) => {
    const keep = options.onDifference === "keep";
    const compared = items.filter(({ older }) => keep || older !== undefined).map(({ name }) => name);
    const there = compared.length > 0 ? await destination.digests(place, compared) : null;
    const pasts: Past[] = [];
    for (const { name, value, older } of items) {
      // What has come already needs no older ones: each may be a request of its own.
      const came = older === undefined || there?.get(name)?.digest === digests.of(value);
      pasts.push({ name, values: withoutRepeats(came ? [value] : [...(await older()), value]) });
    }
    let wanted = pasts;
    if (keep && there !== null) {
      wanted = pasts.filter(({ name, values }) => alreadyThere(there.get(name), values, digests) !== null);
      for (const { name } of pasts.filter((past) => !wanted.includes(past)))
        kept.add(keyOf({ ...place, name }));
    }
    const [plain, long] = [
      wanted.filter(({ values }) => values.length === 1),
      wanted.filter(({ values }) => values.length > 1),
    ];
    const set = plain.map(({ name, values }) => ({ name, value: values[0]! }));
    // Several places are under way at once: what the sum was before it is waited for is old after it.
    const changed = set.length > 0 ? await destination.set(place, set, options.reason) : 0;
    written.changed += changed;
    if (long.length > 0) {
      const made = await writePasts(destination, digests, place, long, options.reason);
      written.changed += made.changed;
      written.older += made.older;
    }
    for (const { values } of pasts) for (const value of values) value.wipe();
  });
  for await (const entry of source.read(options.signal)) {
    written.read++;
    if (written.read % 500 === 0) options.progress?.(written.read);
    const target = targetOf(entry, mapping);
    if (target === null || entry.value.countBytes() === 0 || nameProblem(target.name) !== null) continue;
    const key = keyOf(target);
    if (done.has(key)) continue; // the same value twice: two values were refused before
    done.add(key);
    await lots.add(
      target,
      { name: target.name, value: entry.value, ...(entry.older === undefined ? {} : { older: entry.older }) },
      entry.value.countBytes(),
    );
  }
  await lots.flush();
  options.progress?.(written.read);
  return written;
}
