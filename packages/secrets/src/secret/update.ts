import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { trimKept } from "../grace/keep.ts";
import { tell } from "../message/tell.ts";
import { authorizeRename } from "../place/place.ts";
import { lockSecret } from "./load.ts";
import { secretView, updateSecretInput } from "./schema.ts";
import { checkGeneration, moveSecret, policyOf } from "./store.ts";
import { viewSecret } from "./view.ts";

/** Changes a secret's metadata or name; its values stay. */
export const updateSecret = defineVerb({
  action: "secret.update",
  changes: true,
  summary: "Change a secret's name, description, tags, grace or what is kept of it",
  input: updateSecretInput,
  output: secretView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(call, tenantId, async (unit) => {
      const { secret, place, version } = await lockSecret(unit, input);
      checkGeneration(secret, input.expectedGeneration);
      if (input.rename !== undefined) authorizeRename(unit, secret, input.rename);
      const to = {
        ...(input.rename === undefined ? {} : { name: input.rename }),
        ...(input.description === undefined ? {} : { description: input.description }),
        ...(input.tags === undefined ? {} : { tags: input.tags }),
        ...(input.graceSeconds === undefined ? {} : { graceSeconds: input.graceSeconds }),
        ...(input.gracePolicy === undefined ? {} : { gracePolicy: policyOf(input.gracePolicy) ?? null }),
        ...(input.algorithm === undefined ? {} : { algorithm: input.algorithm }),
        ...(input.keepVersions === undefined ? {} : { keepVersions: input.keepVersions || null }),
      };
      const moved = await moveSecret(unit, secret, to);
      if (input.keepVersions !== undefined) await trimKept(unit, moved);
      unit.record({
        target: { type: "secret", id: secret.id, name: moved.name },
        details: {
          fields: Object.keys(to).join(","),
          ...(moved.name === secret.name ? {} : { renamedFrom: secret.name }),
        },
      });
      if (moved.name !== secret.name) tell(unit, "secret.renamed", moved, { renamed_from: secret.name });
      return viewSecret(moved, place, version);
    });
  },
});
