import { changeSql } from "../../flow/change.ts";
import { onceFor, spellValue } from "../../flow/replay.ts";
import { tenantOf } from "../../flow/tenant-of.ts";
import { defineVerb } from "../../flow/verb.ts";
import { findPlaceFor } from "../../place/place.ts";
import { withNewValues } from "../../version/new-values.ts";
import { withWriteKeys } from "../../version/write-keys.ts";
import { bulkSetInput, bulkSetOutput } from "../schema.ts";
import { putAllByName } from "./put.ts";

/** Sets up to 500 secrets of one place, all or nothing. */
export const setManySecrets = defineVerb({
  action: "secret.set",
  changes: true,
  summary: "Set many secrets of one environment, all or nothing",
  input: bulkSetInput,
  output: bulkSetOutput,
  run(call, input) {
    return withNewValues(call, input.items, "items", async (values) => {
      const tenantId = await tenantOf(call, input.tenant);
      const request = {
        ...input,
        items: values.map(({ item, value }) => ({
          ...item,
          value: spellValue({ call, tenantId }, value),
        })),
      };
      const names = input.items.map(({ name }) => name);
      return withWriteKeys(
        call,
        tenantId,
        (keys) =>
          changeSql(call, tenantId, async (unit) => {
            const place = await findPlaceFor(unit, input, names);
            const asked = { ...request, place: place.environment.id };
            return onceFor(unit, input.idempotencyKey, asked, async () => {
              const puts = values.map(({ item, value }) => ({
                name: item.name,
                value,
                expectedVersion: item.expectedVersion,
              }));
              const byName = await putAllByName(unit, place, puts, keys, input.reason);
              return { results: names.map((name) => byName.get(name)!) };
            });
          }),
        input.items.length,
      );
    });
  },
});
