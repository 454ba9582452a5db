import { actorRef } from "../../access/actor.ts";
import { KeyfoldError } from "../../error.ts";
import { changeSql } from "../../flow/change.ts";
import { tenantOf } from "../../flow/tenant-of.ts";
import { defineVerb } from "../../flow/verb.ts";
import { lockSecret } from "../../secret/load.ts";
import { policyView, removePolicyInput } from "./schema.ts";
import { loadPolicy, viewPolicy, writePolicy } from "./store.ts";

/** Ends a policy: nothing rotates by itself, and nobody is reminded. A rotation that is under way goes on. */
export const removeRotationPolicy = defineVerb({
  action: "rotation.remove_policy",
  changes: true,
  summary: "Remove a secret's rotation policy",
  input: removePolicyInput,
  output: policyView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(
      call,
      tenantId,
      async (unit) => {
        const loaded = await lockSecret(unit, { id: input.id });
        const policy = await loadPolicy(unit, loaded.secret.id);
        if (policy === null) throw new KeyfoldError("not_found");
        const { mac: _, generation: __, ...old } = policy;
        const nothing = {
          schedule: null,
          rotator: null,
          config: null,
          expiresAt: null,
          tryAt: null,
          remindAt: null,
        };
        const setBy = { ...actorRef(call.actor) };
        await writePolicy(unit, policy, { ...old, ...nothing, setAt: unit.now, setBy });
        unit.record({
          target: { type: "secret", id: loaded.secret.id, name: loaded.secret.name },
          details: { required: policy.required, rotator: policy.rotator },
        });
        return viewPolicy(policy, loaded);
      },
      { raise: false },
    );
  },
});
