import { scopeSchema } from "../access/scope.ts";
import { look } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { maySeeToken } from "../token/store.ts";
import { viewRule } from "./rules.ts";
import { listRulesInput, listRulesOutput } from "./schema.ts";

/** Federation rules by name: those that give out no more than the asker holds. */
export const listRules = defineVerb({
  action: "federation.list",
  changes: false,
  summary: "List federation rules",
  input: listRulesInput,
  output: listRulesOutput,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    const { actor, services } = call;
    return look(call, tenantId, async (unit) => {
      const rows = await unit.sql.federationRule.findMany({
        where: { tenantId, deletedAt: null },
        orderBy: { name: "asc" },
      });
      const visible = rows.filter((row) =>
        maySeeToken(actor, "federation.list", scopeSchema.parse(row.scope)),
      );
      for (const row of visible) services.mac.check("federationRules", tenantId, row);
      unit.record({ target: null, details: { count: visible.length } });
      return { rules: visible.map(viewRule) };
    });
  },
});
