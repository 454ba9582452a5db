import { KeyfoldError } from "../../error.ts";
import type { Call } from "../../flow/call.ts";
import { lookSql } from "../../flow/change.ts";
import { checkBulk } from "../../input/value.ts";
import { findPlace, type PlaceInput } from "../../place/place.ts";
import { askUpstream, type Found, mayReadAbsent, wereHere, wipeAll } from "../../upstream/ask.ts";
import { keepFound } from "../../upstream/keep.ts";
import { openVersion, refuseClosed } from "../../version/open.ts";
import { findSecrets, type Loaded } from "../load.ts";
import type { RevealedView } from "../schema.ts";
import { revealedFacts, viewRevealed } from "../view.ts";
import { noteRead } from "./note-read.ts";

/** Stands where an id stands, for what is not kept here. */
const NOWHERE = "00000000-0000-0000-0000-000000000000";

/** How many are loaded at once: as many as are no more than a few calls' worth of bytes, were each as large as it may be. */
const atOnce = (maxValueBytes: number): number =>
  Math.max(1, Math.min(64, Math.floor(MOST_LOADED / maxValueBytes)));
const MOST_LOADED = 32 * 1024 * 1024;

/** How often what somebody else makes in between is looked for anew. */
const ATTEMPTS = 4;

/** Names that are not here, while there is an upstream that may have them. */
class NamesMissing extends Error {
  override readonly name = "NamesMissing";
  readonly names: readonly string[];

  constructor(names: readonly string[]) {
    super("names are missing");
    this.names = names;
  }
}

/**
 * The current values of some names of one place, all or nothing: from here, and what never was here from the place's
 * upstream, if it has one.
 * @throws KeyfoldError `not_found` for one that is missing, `upstream_unavailable`, …
 */
export async function revealNames(
  call: Call,
  tenantId: string,
  input: PlaceInput,
  names: readonly string[],
): Promise<Map<string, RevealedView>> {
  // Before the transaction: a key is loaded over a connection of its own.
  await call.services.keys.currentOfAll(tenantId);
  const unique = [...new Set(names)];
  for (let attempt = 1; ; attempt++) {
    try {
      return await openAll(call, tenantId, input, unique, null);
    } catch (error) {
      if (!(error instanceof NamesMissing)) throw error;
      const found = await askUpstream(call, tenantId, input, error.names);
      if (found === "here" && attempt < ATTEMPTS) continue;
      if (found === null || found === "here") throw new KeyfoldError("not_found");
      try {
        const kept = found.upstream.keeps === true && (await keepFound(call, tenantId, found));
        return await openAll(call, tenantId, input, unique, kept ? null : found);
      } finally {
        wipeAll(found.values);
      }
    }
  }
}

async function openAll(
  call: Call,
  tenantId: string,
  input: PlaceInput,
  names: readonly string[],
  found: Found | null,
): Promise<Map<string, RevealedView>> {
  const opened = new Map<string, RevealedView>();
  const letGo = () => {
    for (const { value } of opened.values()) value.wipe();
    opened.clear();
  };
  const look = lookSql(call, tenantId, async (unit) => {
    letGo(); // of what an attempt before this one opened
    const place = await findPlace(unit, input);
    const missing: string[] = [];
    let total = 0;
    const take = (view: RevealedView) => {
      opened.set(view.name, view);
      total += view.value.countBytes();
      checkBulk(total);
    };
    const at = { project: place.project.id, environment: place.environment.id };
    const lot = atOnce(call.services.limits.maxValueBytes);
    let there = new Map<string, Loaded>();
    for (const [index, name] of names.entries()) {
      if (index % lot === 0) {
        const next = names.slice(index, index + lot);
        there = await findSecrets(call, unit.query, tenantId, at, next, { sealed: true });
      }
      const loaded = there.get(name);
      if (loaded === undefined) {
        const value = found?.values.get(name);
        if (found === null || value === undefined) {
          if (call.services.upstreams === null) throw new KeyfoldError("not_found");
          missing.push(name);
          continue;
        }
        await mayReadAbsent(unit, place, name);
        // Made in the meantime: then it is read anew. Deleted since: then it is not to be had any more.
        const were = await wereHere(unit, place, [name]);
        if (were !== null) throw new KeyfoldError(were === "here" ? "conflict" : "not_found");
        unit.record({
          target: { type: "secret", id: null, name },
          details: { upstream: found.upstream.name },
        });
        take({
          id: NOWHERE,
          name,
          version: 0,
          encoding: value.encoding,
          value: value.copy(),
          createdAt: unit.now.toISOString(),
          openUntil: null,
          upstream: found.upstream.name,
        });
        continue;
      }
      const { secret, version, now } = loaded;
      if (version === null) throw new KeyfoldError("secret_empty");
      refuseClosed(version, now);
      const value = await openVersion(call, tenantId, loaded);
      take(viewRevealed(revealedFacts(secret, version), value));
      unit.record({
        target: { type: "secret", id: secret.id, name: secret.name, version: version.number },
      });
      if (call.actor.type === "service_token")
        call.services.comparisons?.saw(call.actor, secret, version.number, value);
    }
    // Nothing is told, and so nothing is recorded.
    if (missing.length > 0) throw found === null ? new NamesMissing(missing) : new KeyfoldError("not_found");
  });
  await look.catch((error: unknown) => {
    letGo();
    throw error;
  });
  for (const { id, version } of opened.values()) if (version > 0) noteRead(call, id, version);
  return opened;
}
