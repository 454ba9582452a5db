import type { SecretValue } from "@keyfold/envelope";
import { KeyfoldError } from "../../error.ts";
import type { Unit } from "../../flow/change.ts";
import { violatedIndex } from "../../flow/database-error.ts";
import type { NamedPlace } from "../../place/place.ts";
import type { WriteKeys } from "../../version/write-keys.ts";
import { findSecret } from "../load.ts";
import type { SecretView } from "../schema.ts";
import { checkExpected, isNameTaken, namesThere, putVersion } from "../store.ts";
import { insertSecrets } from "./insert.ts";

/** One item of a set, or of many. */
export interface Put {
  name: string;
  value: SecretValue;
  expectedVersion?: number | undefined;
}

export interface PutResult {
  secret: SecretView;
  changed: boolean;
  rotatedFrom: number | null;
}

/**
 * `putByName` for many, in the order of their names: everyone locks in that order, so that no two calls wait for each
 * other. What was just seen to be absent is not looked for again, and neighbours among it are made by one statement.
 */
export async function putAllByName(
  unit: Unit,
  place: NamedPlace,
  items: readonly Put[],
  keys: WriteKeys,
  reason: string | undefined,
): Promise<Map<string, PutResult>> {
  const results = new Map<string, PutResult>();
  const names = items.map(({ name }) => name);
  const there = await namesThere(unit, place.project.id, place.environment.id, names);
  let absent: Put[] = [];
  const makeAbsent = async () => {
    for (const made of await makeAll(unit, place, absent, keys, reason)) results.set(made.secret.name, made);
    absent = [];
  };
  for (const item of [...items].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (there.has(item.name)) {
      await makeAbsent();
      const { name, value, expectedVersion } = item;
      results.set(name, await putByName(unit, place, name, keys, value, { reason, expectedVersion }));
    } else absent.push(item);
  }
  await makeAbsent();
  return results;
}

/** Creates a secret of this name, or makes a new version of the one there is. */
export async function putByName(
  unit: Unit,
  place: NamedPlace,
  name: string,
  keys: WriteKeys,
  value: SecretValue,
  facts: {
    reason: string | undefined;
    expectedVersion: number | undefined;
    sameIsNothing?: boolean;
  },
): Promise<PutResult> {
  const ref = { project: place.project.id, environment: place.environment.id, name };
  // Of changes that share a transaction most make new names: one cheap look for all of them spares each its own.
  const absent = unit.shared && !(await isNameTaken(unit, ref.project, ref.environment, name));
  const loaded = absent ? null : await findSecret(unit.call, unit.query, unit.tenantId, ref, { lock: true });
  if (loaded === null) {
    const { expectedVersion } = facts;
    const [made] = await makeAll(unit, place, [{ name, value, expectedVersion }], keys, facts.reason);
    return made!;
  }
  checkExpected(loaded.secret, facts.expectedVersion);
  const reason = facts.reason ?? null;
  const put = await putVersion(unit, loaded, keys, value, {
    reason,
    sameIsNothing: facts.sameIsNothing ?? true,
  });
  unit.record({
    action: put.changed ? "secret.rotated" : "secret.unchanged",
    target: { type: "secret", id: put.secret.id, name, version: put.version },
    reason,
    details: put.changed
      ? { rotatedFrom: put.rotatedFrom, openUntil: put.openUntil?.toISOString() ?? null }
      : {},
  });
  return { secret: put.secret, changed: put.changed, rotatedFrom: put.rotatedFrom };
}

async function makeAll(
  unit: Unit,
  place: NamedPlace,
  items: readonly Put[],
  keys: WriteKeys,
  reason: string | undefined,
): Promise<PutResult[]> {
  if (items.length === 0) return [];
  for (const { expectedVersion } of items) checkExpected(null, expectedVersion);
  const made = await insertSecrets(unit, place, items, keys, { reason }).catch((error: unknown) => {
    // Another call made one meanwhile: the next attempt finds it, and makes a version of it.
    throw violatedIndex(error) === null ? error : new KeyfoldError("conflict");
  });
  return made.map((secret) => {
    const target = { type: "secret" as const, id: secret.id, name: secret.name, version: 1 };
    unit.record({ action: "secret.created", target, reason: reason ?? null });
    return { secret, changed: true, rotatedFrom: null };
  });
}
