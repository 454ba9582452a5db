import { KeyfoldError } from "../error.ts";
import { changeSql } from "../flow/change.ts";
import { onceFor, spellValue } from "../flow/replay.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { decodeValue } from "../input/value.ts";
import { findPlaceFor } from "../place/place.ts";
import { withWriteKeys } from "../version/write-keys.ts";
import { putByName } from "./put.ts";
import { bulkSetInput, bulkSetOutput, MAX_BULK_BYTES } from "./schema.ts";
import { namesThere } from "./store.ts";

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
      // Everyone locks in one order, so that two bulk calls cannot wait for each other.
      const inOrder = [...items].sort((a, b) => (a.item.name < b.item.name ? -1 : 1));
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
              const byName = new Map<string, Awaited<ReturnType<typeof putByName>>>();
              // One look for all of them: hundreds of new ones would else each be looked for in vain.
              const there = await namesThere(
                unit,
                place,
                input.items.map(({ name }) => name),
              );
              for (const { item, plaintext } of inOrder) {
                const value = { plaintext, encoding: item.encoding };
                byName.set(
                  item.name,
                  await putByName(unit, place, item.name, keys, value, {
                    reason: input.reason,
                    expectedVersion: item.expectedVersion,
                    absent: !there.has(item.name),
                  }),
                );
              }
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
