import { KeyfoldError } from "../../error.ts";
import { changeSql } from "../../flow/change.ts";
import { tenantOf } from "../../flow/tenant-of.ts";
import { defineVerb } from "../../flow/verb.ts";
import { tell } from "../../message/tell.ts";
import { authorizeRename, findPlace } from "../../place/place.ts";
import { lockSecret } from "../load.ts";
import { restoreSecretInput, secretView } from "../schema.ts";
import { isNameTaken, moveSecret } from "../store.ts";
import { viewSecret } from "../view.ts";

/** Brings a deleted secret back. Where its name is taken again: `name_taken`, or give it a new one. */
export const restoreSecret = defineVerb({
  action: "secret.restore",
  changes: true,
  summary: "Restore a deleted secret",
  input: restoreSecretInput,
  output: secretView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(call, tenantId, async (unit) => {
      const { secret, place, version } = await lockSecret(unit, { id: input.id }, { deleted: true });
      if (secret.state !== "deleted")
        throw new KeyfoldError("illegal_state", { sentence: "This secret is not deleted." });
      // A share of the place's rows, so that it is not deleted while this comes back to it.
      await findPlace(unit, { project: place.project.id, environment: place.environment.id });
      const name = input.name ?? secret.name;
      authorizeRename(unit, secret, name);
      if (await isNameTaken(unit, secret.projectId, secret.environmentId, name))
        throw new KeyfoldError("name_taken");
      const moved = await moveSecret(unit, secret, {
        name,
        state: secret.currentVersion === null ? "empty" : "live",
        deletedAt: null,
        purgeAfter: null,
      });
      unit.record({
        target: { type: "secret", id: secret.id, name, version: secret.currentVersion },
        details: name === secret.name ? {} : { renamedFrom: secret.name },
      });
      tell(unit, "secret.restored", moved, {
        version: moved.currentVersion,
        ...(name === secret.name ? {} : { renamed_from: secret.name }),
      });
      return viewSecret(moved, place, version);
    });
  },
});
