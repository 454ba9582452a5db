import type { SecretValue } from "@keyfold/envelope";
import type { Call } from "../../flow/call.ts";
import type { Unit } from "../../flow/change.ts";
import { changeTogether } from "../../flow/change-together.ts";
import { onceFor, spellValue } from "../../flow/replay.ts";
import { findPlaceFor, type NamedPlace } from "../../place/place.ts";
import { withNewValue } from "../../version/new-value.ts";
import type { WriteKeys } from "../../version/write-keys.ts";

/** What the verbs that put a value by its name are given, all of them. */
type Input = Parameters<typeof withNewValue>[1] &
  Parameters<typeof findPlaceFor>[1] & { name: string; idempotencyKey?: string | undefined };

/**
 * Puts a value under a name of a place, in a transaction that others may share, and for one idempotency key once.
 * @throws what `withNewValue`, `findPlaceFor` and `put` throw
 */
export function onceInPlace<T extends object>(
  call: Call,
  input: Input,
  put: (unit: Unit, place: NamedPlace, keys: WriteKeys, value: SecretValue) => Promise<T>,
): Promise<T> {
  return withNewValue(call, input, (tenantId, keys, value) =>
    changeTogether(call, tenantId, input.name, async (unit) => {
      const place = await findPlaceFor(unit, input, [input.name]);
      return onceFor(
        unit,
        input.idempotencyKey,
        { ...input, value: spellValue(unit, value), place: place.environment.id },
        () => put(unit, place, keys, value),
      );
    }),
  );
}
