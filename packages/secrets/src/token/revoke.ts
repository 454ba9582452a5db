import { scopeSchema } from "../access/scope.ts";
import { KeyfoldError } from "../error.ts";
import { change } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { revokeTokenInput, tokenView } from "./schema.ts";
import { maySeeToken, viewToken } from "./store.ts";

/** Revokes a service token: refused by its very next call, in every process, and so are the sessions it started. */
export const revokeToken = defineVerb({
  action: "token.revoke",
  changes: true,
  summary: "Revoke a service token",
  input: revokeTokenInput,
  output: tokenView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    const { actor, services } = call;
    const endsItself = input.id === actor.id;
    return change(
      call,
      tenantId,
      async (unit) => {
        const row = await unit.sql.serviceToken.findUnique({
          where: { tenantId_id: { tenantId, id: input.id } },
        });
        if (row === null) throw new KeyfoldError("not_found");
        if (row.id !== actor.id && !maySeeToken(actor, call.action, scopeSchema.parse(row.scope)))
          throw new KeyfoldError("not_found");
        if (row.revokedAt !== null)
          throw new KeyfoldError("illegal_state", { sentence: "This token is revoked already." });
        const { mac: _, tenantId: __, ...old } = row;
        const moved = services.mac.seal("serviceTokens", tenantId, {
          ...old,
          revokedAt: unit.now,
          generation: row.generation + 1,
        });
        await unit.sql.serviceToken.update({
          where: { tenantId_id: { tenantId, id: row.id }, generation: row.generation },
          data: { revokedAt: moved.revokedAt, generation: moved.generation, mac: moved.mac },
        });
        unit.record({ target: { type: "token", id: row.id, name: row.name } });
        return viewToken(moved);
      },
      { endsItself },
    );
  },
});
