import { randomUUID } from "node:crypto";
import { actorRef } from "../access/actor.ts";
import { KeyfoldError } from "../error.ts";
import type { Call } from "../flow/call.ts";
import { change } from "../flow/change.ts";
import { onceFor } from "../flow/replay.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { placesOf } from "../place/places.ts";
import { withWriteKeys } from "../version/write-keys.ts";
import { viewEndpoint } from "./rows.ts";
import { createWebhookInput, createWebhookOutput, MAX_ENDPOINTS } from "./schema.ts";
import { storeNewSecret } from "./signing-secret.ts";
import { insertEndpoint } from "./store.ts";
import { vouchedBy } from "./vouch.ts";

/**
 * Makes an endpoint that is told of changes. What it is told of is bounded by what its maker may see.
 * @throws KeyfoldError `bad_input` (an address that nothing is sent to), `not_found` (a place), `illegal_state` (too many)
 */
export const createWebhook = defineVerb({
  action: "webhook.create",
  changes: true,
  summary: "Create a webhook endpoint (its signing secret is shown once)",
  input: createWebhookInput,
  output: createWebhookOutput,
  async run(call, input) {
    refuseAddress(call, input.url);
    const tenantId = await tenantOf(call, input.tenant);
    const { services, actor } = call;
    return withWriteKeys(call, tenantId, (keys) =>
      change(call, tenantId, async (unit) => {
        const wanted = await placesOf(unit, input);
        const vouched = await vouchedBy(unit, { ...wanted, prefix: input.prefix });
        return onceFor(
          unit,
          input.idempotencyKey,
          { ...input, ...wanted },
          async () => {
            // One at a time: of many at once, none sees the others'.
            await unit.query("SELECT FROM control_plane.tenants WHERE id = $1::uuid FOR NO KEY UPDATE", [
              tenantId,
            ]);
            const [row] = await unit.query<{ count: number }>(
              "SELECT count(*)::int AS count FROM control_plane.webhook_endpoints WHERE tenant_id = $1::uuid AND deleted_at IS NULL",
              [tenantId],
            );
            if (row!.count >= MAX_ENDPOINTS)
              throw new KeyfoldError("illegal_state", {
                sentence: `A tenant has at most ${MAX_ENDPOINTS} webhook endpoints. Delete one first.`,
              });
            const endpoint = services.mac.seal("webhookEndpoints", tenantId, {
              id: randomUUID(),
              url: input.url,
              description: input.description,
              filter: { kinds: input.kinds, ...wanted, prefix: input.prefix, consumer: input.consumer },
              ...vouched,
              disabledAt: null,
              disabledReason: null,
              secretNumber: 1,
              previousUntil: null,
              createdAt: unit.now,
              createdBy: { ...actorRef(actor) },
              updatedAt: unit.now,
              deletedAt: null,
              generation: 1,
            });
            await insertEndpoint(unit, endpoint);
            const secret = (await storeNewSecret(unit, endpoint.id, 1, keys.newest())) as string | null;
            unit.record({
              target: { type: "webhook", id: endpoint.id, name: null },
              details: { host: hostOf(input.url), wholeTenant: vouched.scope.projects === null },
            });
            return { endpoint: viewEndpoint(endpoint, null, unit.now), secret };
          },
          (answer) => ({ ...answer, secret: null }),
        );
      }),
    );
  },
});

/** @throws KeyfoldError `bad_input`; `illegal_state` where this process sends no webhooks */
export function refuseAddress({ services }: Call, url: string): void {
  if (services.webhooks === null)
    throw new KeyfoldError("illegal_state", {
      sentence: "This deployment sends no webhooks: whoever embeds Keyfold gave it no way to.",
    });
  const message = services.webhooks.refusal(url);
  if (message !== null) throw new KeyfoldError("bad_input", { issues: [{ path: "url", message }] });
}

/** What of an address may stand in the audit log: its path and query can hold a secret. */
export const hostOf = (url: string): string => new URL(url).host;
