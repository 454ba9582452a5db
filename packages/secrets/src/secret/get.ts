import { lookSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { loadSecret } from "./load.ts";
import { getSecretInput, secretView } from "./schema.ts";
import { viewSecret } from "./view.ts";

/** A secret's metadata, by id or by name in its place. A deleted one is found by its id. */
export const getSecret = defineVerb({
  action: "secret.get",
  changes: false,
  summary: "Read a secret's metadata",
  input: getSecretInput,
  output: secretView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return lookSql(call, tenantId, async (unit) => {
      const { secret, place, version } = await loadSecret(call, unit.query, tenantId, input, {
        deleted: input.id !== undefined,
      });
      unit.record({ target: { type: "secret", id: secret.id, name: secret.name } });
      return viewSecret(secret, place, version);
    });
  },
});
