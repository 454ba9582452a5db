import { KeyfoldError } from "../error.ts";
import { change } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { placesOf } from "../place/places.ts";
import { hostOf, refuseAddress } from "./create.ts";
import type { Filter, Places } from "./filter.ts";
import { type EndpointRow, loadEndpoint, viewEndpoint } from "./rows.ts";
import { endpointView, updateWebhookInput } from "./schema.ts";
import { clearHealth, giveUpWaiting, healthOf, moveEndpoint } from "./store.ts";
import { vouchedBy } from "./vouch.ts";

/**
 * Changes where an endpoint is and what it wants, or switches it. What its maker may see bounds it still; whoever updates
 * it vouches for it, until their own token expires.
 */
export const updateWebhook = defineVerb({
  action: "webhook.update",
  changes: true,
  summary: "Change, enable or disable a webhook endpoint",
  input: updateWebhookInput,
  output: endpointView,
  async run(call, input) {
    if (input.url !== undefined) refuseAddress(call, input.url);
    const tenantId = await tenantOf(call, input.tenant);
    const { mac } = call.services;
    return change(call, tenantId, async (unit) => {
      const endpoint = await loadEndpoint(unit, input.id);
      const filter: Filter = { ...endpoint.filter };
      if (input.kinds !== undefined) filter.kinds = input.kinds;
      if (input.consumer !== undefined) filter.consumer = input.consumer;
      if (input.prefix !== undefined) filter.prefix = input.prefix;
      if (input.projects !== undefined || input.environments !== undefined) {
        const projects = input.projects ?? null;
        Object.assign(filter, await placesOf(unit, { projects, environments: input.environments ?? null }));
        if (!isInside(filter, endpoint.scope))
          throw new KeyfoldError("bad_input", {
            issues: [
              { path: "projects", message: "lie outside what this endpoint's maker may see: make a new one" },
            ],
          });
      }
      const to: Partial<EndpointRow> = {
        filter,
        expiresAt: (await vouchedBy(unit, endpoint.scope)).expiresAt,
        ...(input.url === undefined ? {} : { url: input.url }),
        ...(input.description === undefined ? {} : { description: input.description }),
      };
      if (input.enabled === true && endpoint.disabledAt !== null) {
        Object.assign(to, { disabledAt: null, disabledReason: null });
        await clearHealth(unit, endpoint.id);
      }
      if (input.enabled === false && endpoint.disabledAt === null) {
        Object.assign(to, { disabledAt: unit.now, disabledReason: "by_hand" });
        await giveUpWaiting(unit, endpoint.id, unit.now);
      }
      const moved = await moveEndpoint(unit, mac, endpoint, to);
      const { tenant: _, id: __, ...fields } = input;
      unit.record({
        target: { type: "webhook", id: moved.id, name: null },
        details: { fields: Object.keys(fields).join(","), host: hostOf(moved.url) },
      });
      return viewEndpoint(moved, await healthOf(unit, moved.id), unit.now);
    });
  },
});

/** Whether places that were named lie in a scope; where none is named, the scope itself bounds what is sent. */
function isInside(named: Pick<Places, "projects" | "environments">, scope: Places): boolean {
  const inside = (a: readonly string[] | null, b: readonly string[] | null) =>
    a === null || b === null || a.every((id) => b.includes(id));
  return inside(named.projects, scope.projects) && inside(named.environments, scope.environments);
}
