import { mayAtAll } from "../access/authorize.ts";
import { KeyfoldError } from "../error.ts";
import { changeSql } from "../flow/change.ts";
import { onceFor, spellValue } from "../flow/replay.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { findPlaceFor } from "../place/place.ts";
import { removeSecret } from "../secret/deleted/delete.ts";
import type { SecretView } from "../secret/schema.ts";
import { type PutResult, putByName } from "../secret/set/put.ts";
import { withNewValues } from "../version/new-values.ts";
import { withWriteKeys } from "../version/write-keys.ts";
import { saveInput, saveOutput } from "./schema.ts";

/**
 * Makes, changes and deletes secrets of one place in one transaction and for one reason, all or nothing: what somebody
 * gathered and looked through. Whoever deletes must be allowed to.
 */
export const saveSecrets = defineVerb({
  action: "secret.set",
  changes: true,
  summary: "Make, change and delete secrets of one environment together, all or nothing",
  input: saveInput,
  output: saveOutput,
  async run(call, input) {
    if (input.remove.length > 0 && !mayAtAll(call.actor, "secret.delete"))
      throw new KeyfoldError("forbidden");
    const deleting = { ...call, action: "secret.delete" as const };
    const tenantId = await tenantOf(call, input.tenant);
    return withNewValues(call, input.set, "set", async (values) => {
      const asked = {
        ...input,
        set: values.map(({ item, value }) => ({
          ...item,
          value: spellValue({ call, tenantId }, value),
        })),
      };
      // Everyone locks in one order, so that two such calls cannot wait for each other.
      const inOrder = [
        ...values.map((put) => ({ name: put.item.name, put })),
        ...input.remove.map((remove) => ({ name: remove.name, remove })),
      ].sort((a, b) => (a.name < b.name ? -1 : 1));
      return withWriteKeys(
        call,
        tenantId,
        (keys) =>
          changeSql(call, tenantId, async (unit) => {
            const names = input.set.map(({ name }) => name);
            const place = await findPlaceFor(unit, input, names);
            return onceFor(
              unit,
              input.idempotencyKey,
              { ...asked, place: place.environment.id },
              async () => {
                const put = new Map<string, PutResult>();
                const removed = new Map<string, SecretView>();
                for (const one of inOrder) {
                  if ("remove" in one) {
                    const ref = {
                      project: place.project.id,
                      environment: place.environment.id,
                      ...one.remove,
                    };
                    const unitOfDelete = { ...unit, call: deleting };
                    removed.set(one.name, await removeSecret(unitOfDelete, { ...ref, reason: input.reason }));
                  } else {
                    const { item, value } = one.put;
                    const facts = { reason: input.reason, expectedVersion: item.expectedVersion };
                    put.set(one.name, await putByName(unit, place, one.name, keys, value, facts));
                  }
                }
                return {
                  set: input.set.map(({ name }) => put.get(name)!),
                  removed: input.remove.map(({ name }) => removed.get(name)!),
                };
              },
            );
          }),
        Math.max(1, input.set.length),
      );
    });
  },
});
