import { randomUUID } from "node:crypto";
import { type Action, PRESETS } from "../access/actions.ts";
import { actorRef, isOfTenant } from "../access/actor.ts";
import { coversWholeTenant, normalizeScope } from "../access/scope.ts";
import { KeyfoldError } from "../error.ts";
import type { Call } from "../flow/call.ts";
import { change } from "../flow/change.ts";
import { onceFor } from "../flow/replay.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { placesOf } from "../place/places.ts";
import { normalRanges } from "../token/ip-ranges.ts";
import { mayGrant } from "../token/may-grant.ts";
import { openToAll } from "./claims.ts";
import { ruleData, viewRule } from "./rules.ts";
import { createRuleInput, MAX_RULES, ruleView } from "./schema.ts";

/**
 * Makes a rule by which workloads get tokens of minutes for the tokens of another issuer. A rule gives away no action, no
 * place, no address and no time that its maker does not hold.
 * @throws KeyfoldError `bad_input` (an issuer that is never asked, claims that let in strangers), `forbidden`,
 * `not_found` (a place), `name_taken`, `illegal_state` (too many)
 */
export const createRule = defineVerb({
  action: "federation.create",
  changes: true,
  summary: "Create a federation rule: for whose tokens workloads get tokens of minutes",
  input: createRuleInput,
  output: ruleView,
  async run(call, input) {
    refuseIssuer(call, input);
    const tenantId = await tenantOf(call, input.tenant);
    const { actor, services } = call;
    if (!isOfTenant(actor)) throw new KeyfoldError("forbidden");
    return change(call, tenantId, async (unit) => {
      const actions: readonly Action[] = input.actions ?? PRESETS[input.preset ?? "reader"];
      const scope = normalizeScope({
        actions: [...actions],
        ...(await placesOf(unit, input)),
        ...(input.prefix === undefined ? {} : { prefix: input.prefix }),
      });
      const ipRanges = input.ipRanges === null ? null : normalRanges(input.ipRanges);
      const expiresAt =
        input.expiresInSeconds === null ? null : new Date(unit.now.getTime() + input.expiresInSeconds * 1000);
      await mayGrant(actor, unit, { scope, expiresAt, ipRanges });
      return onceFor(unit, input.idempotencyKey, { ...input, scope }, async () => {
        const live = { tenantId, deletedAt: null };
        if ((await unit.sql.federationRule.count({ where: live })) >= MAX_RULES)
          throw new KeyfoldError("illegal_state", {
            sentence: `A tenant has at most ${MAX_RULES} federation rules. Delete one first.`,
          });
        if ((await unit.sql.federationRule.findFirst({ where: { ...live, name: input.name } })) !== null)
          throw new KeyfoldError("name_taken");
        const row = services.mac.seal("federationRules", tenantId, {
          id: randomUUID(),
          name: input.name,
          issuer: input.issuer,
          audience: input.audience,
          keys: input.keys,
          claims: input.claims,
          scope: { ...scope },
          lifeSeconds: input.lifeSeconds,
          ipRanges,
          consumerName: input.consumerName ?? null,
          consumerKind: input.consumerKind ?? null,
          expiresAt,
          createdAt: unit.now,
          createdBy: { ...actorRef(actor) },
          deletedAt: null,
          generation: 1,
        });
        await unit.sql.federationRule.create({ data: ruleData(tenantId, row) });
        unit.record({
          target: { type: "token", id: row.id, name: row.name },
          details: {
            issuer: input.issuer,
            audience: input.audience,
            claims: Object.keys(input.claims).join(","),
            wholeTenant: coversWholeTenant(scope),
          },
        });
        return viewRule(row);
      });
    });
  },
});

/** @throws KeyfoldError `bad_input`; `illegal_state` where this process fetches nothing */
function refuseIssuer(
  { services }: Call,
  { issuer, keys, claims }: Pick<ReturnType<typeof createRuleInput.parse>, "issuer" | "keys" | "claims">,
): void {
  if (services.issuers === null)
    throw new KeyfoldError("illegal_state", {
      sentence: "This deployment takes no other issuers' tokens: whoever embeds Keyfold gave it no way to.",
    });
  const [path, url] = keys.from === "url" ? ["keys.url", keys.url] : ["issuer", issuer];
  const refusal = keys.from === "given" ? null : services.issuers.refusal(url!);
  if (refusal !== null) throw new KeyfoldError("bad_input", { issues: [{ path: path!, message: refusal }] });
  const open = openToAll(issuer, claims);
  if (open !== null) throw new KeyfoldError("bad_input", { issues: [{ path: "claims", message: open }] });
}
