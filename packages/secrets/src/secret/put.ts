import { KeyfoldError } from "../error.ts";
import type { Unit } from "../flow/change.ts";
import { violatedIndex } from "../flow/database-error.ts";
import type { NamedPlace } from "../place/place.ts";
import type { NewValue } from "../version/write.ts";
import type { WriteKeys } from "../version/write-keys.ts";
import { findSecret } from "./load.ts";
import type { SecretView } from "./schema.ts";
import { checkExpected, insertSecret, putVersion } from "./store.ts";

/** Creates a secret of this name, or makes a new version of the one there is: one item of a set, or of many. */
export async function putByName(
  unit: Unit,
  place: NamedPlace,
  name: string,
  keys: WriteKeys,
  value: NewValue,
  facts: {
    reason: string | undefined;
    expectedVersion: number | undefined;
    /** It was just seen that there is none: it is not looked for again. */
    absent?: boolean;
    sameIsNothing?: boolean;
  },
): Promise<{ secret: SecretView; changed: boolean; rotatedFrom: number | null }> {
  const ref = { project: place.project.id, environment: place.environment.id, name };
  const loaded = facts.absent
    ? null
    : await findSecret(unit.call, unit.query, unit.tenantId, ref, { lock: true });
  checkExpected(loaded?.secret ?? null, facts.expectedVersion);
  const reason = facts.reason ?? null;
  if (loaded === null) {
    const secret = await insertSecret(unit, place, name, keys, value, { reason: facts.reason }).catch(
      (error: unknown) => {
        // Another call made it meanwhile: the next attempt finds it, and makes a version of it.
        throw violatedIndex(error) === null ? error : new KeyfoldError("conflict");
      },
    );
    unit.record({
      action: "secret.created",
      target: { type: "secret", id: secret.id, name, version: 1 },
      reason,
    });
    return { secret, changed: true, rotatedFrom: null };
  }
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
