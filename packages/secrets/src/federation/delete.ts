import { scopeSchema } from "../access/scope.ts";
import { KeyfoldError } from "../error.ts";
import { change } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { maySeeToken } from "../token/store.ts";
import { viewRule } from "./rules.ts";
import { deleteRuleInput, ruleView } from "./schema.ts";

/** Deletes a federation rule, and revokes every token that it gave out. */
export const deleteRule = defineVerb({
  action: "federation.delete",
  changes: true,
  summary: "Delete a federation rule, and revoke the tokens that it gave out",
  input: deleteRuleInput,
  output: ruleView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    const { actor, services } = call;
    return change(call, tenantId, async (unit) => {
      const row = await unit.sql.federationRule.findUnique({
        where: { tenantId_id: { tenantId, id: input.id } },
      });
      if (
        row === null ||
        row.deletedAt !== null ||
        !maySeeToken(actor, "federation.delete", scopeSchema.parse(row.scope))
      )
        throw new KeyfoldError("not_found");
      const { mac: _, tenantId: __, ...old } = row;
      const moved = services.mac.seal("federationRules", tenantId, {
        ...old,
        deletedAt: unit.now,
        generation: row.generation + 1,
      });
      await unit.sql.federationRule.update({
        where: { tenantId_id: { tenantId, id: row.id }, generation: row.generation },
        data: { deletedAt: moved.deletedAt, generation: moved.generation, mac: moved.mac },
      });
      // A row that refuses is refused before its MAC is asked, and so needs no new one.
      const ended = await unit.query(
        `UPDATE control_plane.service_tokens SET revoked_at = $3, generation = generation + 1
          WHERE tenant_id = $1::uuid AND federated_by = $2::uuid AND revoked_at IS NULL AND expires_at > $3 RETURNING 1`,
        [tenantId, row.id, unit.now],
      );
      unit.record({
        target: { type: "token", id: row.id, name: row.name },
        details: { tokens: ended.length },
      });
      return viewRule(moved);
    });
  },
});
