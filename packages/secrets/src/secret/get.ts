import { lookSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { rotationsOf } from "../rotation/policy/summary.ts";
import { secretDetail } from "./detail.ts";
import { loadSecret } from "./load.ts";
import { getSecretInput } from "./schema.ts";
import { viewSecret } from "./view.ts";

/** A secret's metadata, by id or by name in its place. A deleted one is found by its id. */
export const getSecret = defineVerb({
  action: "secret.get",
  changes: false,
  summary: "Read a secret's metadata",
  input: getSecretInput,
  output: secretDetail,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return lookSql(call, tenantId, async (unit) => {
      const { secret, place, version } = await loadSecret(call, unit.query, tenantId, input, {
        deleted: input.id !== undefined,
      });
      unit.record({ target: { type: "secret", id: secret.id, name: secret.name } });
      const rotated =
        secret.state === "deleted" ? [] : [{ id: secret.id, since: version?.createdAt ?? null }];
      const rotation = (await rotationsOf(unit, rotated)).get(secret.id) ?? null;
      return { ...viewSecret(secret, place, version), rotation };
    });
  },
});
