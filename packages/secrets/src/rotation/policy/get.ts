import { KeyfoldError } from "../../error.ts";
import { lookSql } from "../../flow/change.ts";
import { tenantOf } from "../../flow/tenant-of.ts";
import { defineVerb } from "../../flow/verb.ts";
import { loadSecret } from "../../secret/load.ts";
import { getPolicyInput, policyView } from "./schema.ts";
import { loadPolicy, viewPolicy } from "./store.ts";

/** A secret's rotation policy, with its last and next rotation. @throws KeyfoldError `not_found` where it has none */
export const getRotationPolicy = defineVerb({
  action: "rotation.get_policy",
  changes: false,
  summary: "Read a secret's rotation policy",
  input: getPolicyInput,
  output: policyView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return lookSql(call, tenantId, async (unit) => {
      const loaded = await loadSecret(call, unit.query, tenantId, { id: input.id });
      const policy = await loadPolicy(unit, loaded.secret.id);
      if (policy === null) throw new KeyfoldError("not_found");
      unit.record({ target: { type: "secret", id: loaded.secret.id, name: loaded.secret.name } });
      return viewPolicy(policy, loaded);
    });
  },
});
