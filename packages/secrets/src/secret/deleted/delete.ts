import { refuseInUse } from "../../consumer/waiting.ts";
import { changeSql, type Unit } from "../../flow/change.ts";
import { tenantOf } from "../../flow/tenant-of.ts";
import { defineVerb } from "../../flow/verb.ts";
import { tell } from "../../message/tell.ts";
import { lockSecret, type SecretRefInput } from "../load.ts";
import { deleteSecretInput, type SecretView, secretView } from "../schema.ts";
import { checkExpected, moveSecret } from "../store.ts";
import { viewSecret } from "../view.ts";

/** Deletes a secret: refused from now on, its name free at once, restorable until it is purged. */
export const deleteSecret = defineVerb({
  action: "secret.delete",
  changes: true,
  summary: "Delete a secret (restorable for 30 days)",
  input: deleteSecretInput,
  output: secretView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(call, tenantId, (unit) => removeSecret(unit, input));
  },
});

interface Removal extends SecretRefInput {
  expectedVersion?: number | undefined;
  reason?: string | undefined;
  force: boolean;
}

/** Deletes one within a unit of work: alone, or with other changes. */
export async function removeSecret(unit: Unit, input: Removal): Promise<SecretView> {
  const { secret, place, version } = await lockSecret(unit, input);
  checkExpected(secret, input.expectedVersion);
  await refuseInUse(unit, secret, null, input.force);
  const { purgeAfterSeconds } = unit.call.services.life;
  const moved = await moveSecret(unit, secret, {
    state: "deleted",
    deletedAt: unit.now,
    purgeAfter: new Date(unit.now.getTime() + purgeAfterSeconds * 1000),
  });
  unit.record({
    action: "secret.deleted",
    target: { type: "secret", id: secret.id, name: secret.name, version: secret.currentVersion },
    reason: input.reason ?? null,
    details: input.force ? { force: true } : {},
  });
  tell(unit, "secret.deleted", moved, { purge_after: moved.purgeAfter?.toISOString() ?? null });
  return viewSecret(moved, place, version);
}
