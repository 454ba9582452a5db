import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { normalPolicy } from "../policy/policy.ts";
import { lockSecret } from "./load.ts";
import { secretView, setAccessPolicyInput } from "./schema.ts";
import { checkGeneration, moveSecret } from "./store.ts";
import { viewSecret } from "./view.ts";

/**
 * Says who gets at a secret besides what roles and scopes say; met by the very next read, in every process. What the policy
 * that it replaces asks for (a factor, two people) is asked for this too.
 */
export const setAccessPolicy = defineVerb({
  action: "secret.set_access_policy",
  changes: true,
  summary: "Set or remove a secret's access policy",
  input: setAccessPolicyInput,
  output: secretView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(call, tenantId, async (unit) => {
      const { secret, place, version } = await lockSecret(unit, { id: input.id });
      checkGeneration(secret, input.expectedGeneration);
      const accessPolicy = normalPolicy(input.policy);
      const moved = await moveSecret(unit, secret, { accessPolicy });
      unit.record({
        target: { type: "secret", id: secret.id, name: secret.name },
        details: {
          services: accessPolicy?.services?.join(",") ?? null,
          environments: accessPolicy?.environments?.join(",") ?? null,
          mfa: accessPolicy?.mfa ?? false,
          writeOnly: accessPolicy?.writeOnly ?? false,
          approvals: accessPolicy?.approvals ?? null,
        },
      });
      return viewSecret(moved, place, version);
    });
  },
});
