import { lookSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { loadSecret } from "../secret/load.ts";
import { afterName, pageOf } from "./page.ts";
import { consumersOf } from "./query.ts";
import { listConsumersInput, listConsumersOutput } from "./schema.ts";

/** Who reads a secret, by name: to everyone who may see the secret's metadata. */
export const listConsumers = defineVerb({
  action: "secret.get",
  changes: false,
  summary: "List a secret's consumers",
  input: listConsumersInput,
  output: listConsumersOutput,
  async run(call, input) {
    const after = afterName(input.cursor);
    const tenantId = await tenantOf(call, input.tenant);
    return lookSql(call, tenantId, async (unit) => {
      const { secret } = await loadSecret(call, unit.query, tenantId, input);
      const which = { tenantId, secretId: secret.id, current: secret.currentVersion };
      const rows = await consumersOf(unit.query, which, {
        after,
        state: input.state,
        limit: input.limit + 1,
      });
      const page = pageOf(rows, input.limit);
      unit.record({
        action: "consumer.listed",
        target: { type: "secret", id: secret.id, name: secret.name },
        details: { count: page.consumers.length },
      });
      return page;
    });
  },
});
