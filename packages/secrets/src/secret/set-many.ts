import { KeyfoldError } from "../error.ts";
import { changeSql } from "../flow/change.ts";
import { onceFor, spellValue } from "../flow/replay.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { decodeValue } from "../input/value.ts";
import { findPlaceFor } from "../place/place.ts";
import { withWriteKeys } from "../version/write-keys.ts";
import { putAllByName } from "./put.ts";
import { bulkSetInput, bulkSetOutput, MAX_BULK_BYTES } from "./schema.ts";

/** Sets up to 500 secrets of one place, all or nothing. */
export const setManySecrets = defineVerb({
  action: "secret.set",
  changes: true,
  summary: "Set many secrets of one environment, all or nothing",
  input: bulkSetInput,
  output: bulkSetOutput,
  async run(call, input) {
    const plaintexts: Buffer<ArrayBuffer>[] = [];
    try {
      let total = 0;
      for (const [index, item] of input.items.entries()) {
        const bytes = decodeValue(
          item.value,
          item.encoding,
          call.services.limits.maxValueBytes,
          `items.${index}.value`,
        );
        plaintexts.push(bytes);
        total += bytes.length;
        if (total > MAX_BULK_BYTES)
          throw new KeyfoldError("too_large", {
            sentence: `One call carries at most ${MAX_BULK_BYTES} bytes of values.`,
          });
      }
      const tenantId = await tenantOf(call, input.tenant);
      const items = input.items.map((item, index) => ({ item, plaintext: plaintexts[index]! }));
      const request = {
        ...input,
        items: items.map(({ item, plaintext }) => ({
          ...item,
          value: spellValue({ call, tenantId }, plaintext),
        })),
      };
      return await withWriteKeys(
        call,
        tenantId,
        (keys) =>
          changeSql(call, tenantId, async (unit) => {
            const place = await findPlaceFor(
              unit,
              input,
              input.items.map(({ name }) => name),
            );
            const asked = { ...request, place: place.environment.id };
            return onceFor(unit, input.idempotencyKey, asked, async () => {
              const puts = items.map(({ item, plaintext }) => ({
                name: item.name,
                value: { plaintext, encoding: item.encoding },
                expectedVersion: item.expectedVersion,
              }));
              const byName = await putAllByName(unit, place, puts, keys, input.reason);
              return { results: items.map(({ item }) => byName.get(item.name)!) };
            });
          }),
        input.items.length,
      );
    } finally {
      for (const bytes of plaintexts) bytes.fill(0);
    }
  },
});
