import { describeCause, KeyfoldError } from "../error.ts";
import type { Call } from "../flow/call.ts";
import { changeSql } from "../flow/change.ts";
import { databaseError } from "../flow/database-error.ts";
import { findPlace } from "../place/place.ts";
import { changedHere } from "../region/gate.ts";
import { insertSecret } from "../secret/set/insert.ts";
import { withWriteKeys } from "../version/write-keys.ts";
import type { Found } from "./ask.ts";

/**
 * Stores what an upstream answered, for the next read: only what is still not here. Its event names who read it, and the
 * upstream. That it is stored is the operator's word, who named the upstream, and not the reader's: who may only read
 * chooses neither name nor value.
 * @returns whether it is here now, stored by whomever; false: it could not be stored, and the log says why
 */
export async function keepFound(call: Call, tenantId: string, found: Found): Promise<boolean> {
  const { services } = call;
  const { upstream, values } = found;
  const ref = { project: found.place.project.id, environment: found.place.environment.id };
  try {
    changedHere(services, call.actor);
    await withWriteKeys(
      call,
      tenantId,
      (keys) =>
        changeSql({ ...call, action: "secret.create" }, tenantId, async (unit) => {
          // The reader's right is to read there.
          const place = await findPlace({ ...unit, call }, ref);
          for (const [name, value] of values) {
            const secret = await insertSecret(unit, place, { name, value }, keys, {
              reason: undefined,
              configured: true,
            });
            unit.record({
              target: { type: "secret", id: secret.id, name, version: 1 },
              details: { upstream: upstream.name },
            });
          }
        }),
      values.size,
    );
    return true;
  } catch (error) {
    const ours = error instanceof KeyfoldError ? error : databaseError(error);
    if (ours?.code === "name_taken") return true;
    if (ours?.code === "wrong_region") return false;
    if (ours?.code === "unauthenticated") throw ours;
    services.log.warn(
      { upstream: upstream.name, cause: describeCause(ours ?? error) },
      "what an upstream answered could not be stored",
    );
    return false;
  }
}
