import { actorRef } from "../access/actor.ts";
import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { loadSecret } from "../secret/load.ts";
import { consumersOf } from "./query.ts";
import { consumerView, declareConsumerInput } from "./schema.ts";

/** Says that a workload will read a secret, before it ever has: its first read is then no surprise. */
export const declareConsumer = defineVerb({
  action: "consumer.declare",
  changes: true,
  summary: "Declare a consumer of a secret",
  input: declareConsumerInput,
  output: consumerView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(
      call,
      tenantId,
      async (unit) => {
        const { secret } = await loadSecret(call, unit.query, tenantId, input);
        await unit.query(
          `INSERT INTO control_plane.consumers AS c (tenant_id, secret_id, name, kind, declared_at, declared_by)
             VALUES ($1::uuid, $2::uuid, $3, $4, $5, $6::jsonb)
           ON CONFLICT (tenant_id, secret_id, name) DO UPDATE SET kind = excluded.kind,
             declared_at = coalesce(c.declared_at, excluded.declared_at), declared_by = coalesce(c.declared_by, excluded.declared_by)`,
          [tenantId, secret.id, input.consumer, input.kind, unit.now, { ...actorRef(call.actor) }],
        );
        unit.record({
          target: { type: "secret", id: secret.id, name: secret.name },
          details: { consumer: input.consumer, kind: input.kind },
        });
        const which = { tenantId, secretId: secret.id, current: secret.currentVersion };
        const all = await consumersOf(unit.query, which, {
          after: "",
          state: undefined,
          limit: 1,
          name: input.consumer,
        });
        return all[0]!;
      },
      { raise: false },
    );
  },
});
