import { type Action, PRESETS, SERVICE_ACTIONS } from "../access/actions.ts";
import { isOfTenant } from "../access/actor.ts";
import { coversWholeTenant, type Scope } from "../access/scope.ts";
import { change } from "../flow/change.ts";
import { onceFor } from "../flow/replay.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { refuseUnlessFirst } from "../member/give.ts";
import { placesOf } from "../place/places.ts";
import { normalRanges } from "./ip-ranges.ts";
import { mayGrant } from "./may-grant.ts";
import { createTokenInput, createTokenOutput } from "./schema.ts";
import { insertToken, viewToken } from "./store.ts";

/**
 * Makes a service token, shown this once. Nobody grants more than they hold: a token gives away at most its own scope
 * and lifetime; an operator makes a tenant's first token and never another, and the tenant's audit
 * shows it.
 * @throws KeyfoldError `forbidden`, `not_found` (a place that does not exist or is out of reach)
 */
export const createToken = defineVerb({
  action: "token.create",
  changes: true,
  summary: "Create a service token (shown once)",
  input: createTokenInput,
  output: createTokenOutput,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return change(call, tenantId, async (unit) => {
      const actions: readonly Action[] = input.actions ?? PRESETS[input.preset ?? "reader"];
      const scope: Scope = {
        actions: [...actions],
        ...(await placesOf(unit, input)),
        ...(input.prefix === undefined ? {} : { prefix: input.prefix }),
      };
      // A session's end is the browser's; the token's own expiry bounds what it makes.
      const expiresAt =
        input.expiresInSeconds === null ? null : new Date(unit.now.getTime() + input.expiresInSeconds * 1000);
      const ipRanges = input.ipRanges === null ? null : normalRanges(input.ipRanges);
      if (isOfTenant(call.actor)) await mayGrant(call.actor, unit, { scope, expiresAt, ipRanges });
      return onceFor(
        unit,
        input.idempotencyKey,
        { ...input, scope },
        async () => {
          if (call.actor.type === "operator") await refuseUnlessFirst(unit);
          const { token, row } = await insertToken(unit, {
            name: input.name,
            scope,
            expiresAt,
            ipRanges,
            consumer: { name: input.consumerName, kind: input.consumerKind },
          });
          unit.record({
            target: { type: "token", id: row.id, name: row.name },
            details: {
              actions: scope.actions.length === SERVICE_ACTIONS.length ? "all" : scope.actions.join(","),
              expiresAt: expiresAt?.toISOString() ?? null,
              wholeTenant: coversWholeTenant(scope),
              ...(ipRanges === null ? {} : { ipRanges: ipRanges.join(",") }),
            },
          });
          return { token: token as string | null, details: viewToken(row) };
        },
        (answer) => ({ ...answer, token: null }),
      );
    });
  },
});
