import { KeyfoldError } from "../error.ts";
import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { loadSecret } from "../secret/load.ts";
import { removeConsumerInput, removeConsumerOutput } from "./schema.ts";

/** Forgets a consumer and its instances: nothing waits for it any more. If it reads again, it is new. */
export const removeConsumer = defineVerb({
  action: "consumer.remove",
  changes: true,
  summary: "Forget a consumer of a secret",
  input: removeConsumerInput,
  output: removeConsumerOutput,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(
      call,
      tenantId,
      async (unit) => {
        const { secret } = await loadSecret(call, unit.query, tenantId, input);
        const gone = await unit.query(
          `DELETE FROM control_plane.consumers WHERE tenant_id = $1::uuid AND secret_id = $2::uuid AND name = $3 RETURNING 1`,
          [tenantId, secret.id, input.consumer],
        );
        if (gone.length === 0) throw new KeyfoldError("not_found");
        unit.record({
          target: { type: "secret", id: secret.id, name: secret.name },
          reason: input.reason ?? null,
          details: { consumer: input.consumer },
        });
        return { secretId: secret.id, consumer: input.consumer };
      },
      { raise: false },
    );
  },
});
