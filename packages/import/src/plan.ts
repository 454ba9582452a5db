import type { Destination } from "./destination.ts";
import type { Digests } from "./digest.ts";
import type { Entry, Source } from "./entry.ts";
import { alreadyThere, withoutRepeats } from "./history.ts";
import { Lots } from "./lots.ts";
import { alikeOf, keyOf, type Mapping, nameProblem, type Target, targetOf } from "./target.ts";

/** What would become of a secret. */
export type Fate =
  | "new"
  | "same"
  /** What stands there is a version that the source had before: its newer ones follow. */
  | "older"
  | "differs";

/** Something that a person must decide, or know. */
export interface Problem {
  from: string;
  target: Target | null;
  kind: "bad_name" | "bad_tenant" | "no_tenant" | "twice" | "differs" | "alike" | "empty";
  /** What is wrong, with no value in it. */
  sentence: string;
}

export interface Plan {
  read: number;
  /** Entries whose tenant the mapping leaves out. */
  leftOut: number;
  fates: Record<Fate, number>;
  /** By slug, how many secrets go there. */
  tenants: Map<string, number>;
  problems: Problem[];
}

/** How many problems are told one by one; the rest are counted only. */
const MOST_PROBLEMS = 1000;
const SLUG = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Reads a source to its end and says what an import would do. Writes nothing. */
export async function planImport(
  source: Source,
  destination: Destination,
  digests: Digests,
  mapping: Mapping,
  options: { signal?: AbortSignal; progress?: (read: number) => void } = {},
): Promise<Plan> {
  const plan: Plan = {
    read: 0,
    leftOut: 0,
    fates: { new: 0, same: 0, older: 0, differs: 0 },
    tenants: new Map(),
    problems: [],
  };
  const tell = (problem: Problem): void => {
    if (plan.problems.length < MOST_PROBLEMS) plan.problems.push(problem);
  };
  const named = new Set<string>();
  const seen = new Map<string, string>();
  const alike = new Map<string, string>();
  const lots = new Lots<{ from: string; target: Target; digest: string } & Pick<Entry, "older">>(
    async (place, items) => {
      const there = await destination.digests(
        place,
        items.map(({ target }) => target.name),
      );
      for (const { from, target, digest, older } of items) {
        const old = there.get(target.name);
        let fate: Fate = old === undefined ? "new" : old.digest === digest ? "same" : "differs";
        if (fate === "differs" && older !== undefined) {
          const values = withoutRepeats(await older());
          // The newest is not among them: were it that one, its digest would have told.
          if (values.length > 0 && (alreadyThere(old, values, digests) ?? 0) > 0) fate = "older";
        }
        plan.fates[fate]++;
        if (fate === "differs")
          tell({ from, target, kind: "differs", sentence: "another value stands there already" });
      }
    },
  );
  for await (const entry of source.read(options.signal)) {
    plan.read++;
    if (plan.read % 500 === 0) options.progress?.(plan.read);
    const target = targetOf(entry, mapping);
    if (entry.tenant !== null) named.add(entry.tenant);
    if (target !== null) named.add(target.tenant);
    if (target === null) {
      plan.leftOut++;
      continue;
    }
    const { from } = entry;
    if (entry.value.countBytes() === 0) {
      tell({ from, target, kind: "empty", sentence: "its value is empty, and is left out" });
      continue;
    }
    const digest = digests.of(entry.value);
    entry.value.wipe();
    const bad = nameProblem(target.name);
    if (bad !== null) {
      tell({ from, target, kind: "bad_name", sentence: bad });
      continue;
    }
    if (!SLUG.test(target.tenant)) {
      tell({ from, target, kind: "bad_tenant", sentence: "its tenant's name is no slug: map it to one" });
      continue;
    }
    const key = keyOf(target);
    const before = seen.get(key);
    if (before !== undefined) {
      if (before !== digest)
        tell({ from, target, kind: "twice", sentence: "it is there twice, with two values" });
      continue;
    }
    seen.set(key, digest);
    const looks = alikeOf(target);
    const other = alike.get(looks);
    if (other === undefined) alike.set(looks, target.name);
    else if (other !== target.name)
      tell({
        from,
        target,
        kind: "alike",
        sentence: "its name differs from another only in case or Unicode form",
      });
    plan.tenants.set(target.tenant, (plan.tenants.get(target.tenant) ?? 0) + 1);
    const { older } = entry;
    await lots.add(target, { from, target, digest, ...(older === undefined ? {} : { older }) }, 0);
  }
  await lots.flush();
  // A tenant that was asked for by a wrong name would else be missed without a word.
  for (const name of mapping.only ?? [])
    if (!named.has(name))
      tell({
        from: name,
        target: null,
        kind: "no_tenant",
        sentence: "the source has no tenant of this name",
      });
  // Else an import that brought nothing at all would be called complete.
  if (plan.read > 0 && plan.leftOut === plan.read)
    tell({
      from: source.kind,
      target: null,
      kind: "no_tenant",
      sentence: "nothing of it goes to any tenant: name or map one",
    });
  options.progress?.(plan.read);
  return plan;
}

/** Problems that a person should know of, and that keep nothing from being written. */
const WARNINGS: ReadonlySet<Problem["kind"]> = new Set(["alike", "empty"]);

/** What keeps an import from being written: everything but a warning. */
export const blocking = (plan: Plan, onDifference: "refuse" | "overwrite" | "keep"): Problem[] =>
  plan.problems.filter(
    ({ kind }) => !WARNINGS.has(kind) && (kind !== "differs" || onDifference === "refuse"),
  );
