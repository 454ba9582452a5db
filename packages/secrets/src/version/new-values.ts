import type { Encoding, SecretValue } from "@keyfold/envelope";
import type { Call } from "../flow/call.ts";
import { checkBulk, decodeValue, type GivenValue } from "../input/value.ts";

interface Given {
  name: string;
  value: GivenValue;
  encoding: Encoding;
}

/**
 * Decodes many values for as long as the work lasts, and wipes them after it, however it ends.
 * @param path what the list is called in the input
 * @throws KeyfoldError `bad_input`, `too_large`
 */
export async function withNewValues<I extends Given, T>(
  call: Call,
  items: readonly I[],
  path: string,
  work: (items: readonly { item: I; value: SecretValue }[]) => Promise<T>,
): Promise<T> {
  const decoded: { item: I; value: SecretValue }[] = [];
  try {
    let total = 0;
    for (const [index, item] of items.entries()) {
      const { maxValueBytes } = call.services.limits;
      const value = decodeValue(item.value, item.encoding, maxValueBytes, `${path}.${index}.value`);
      decoded.push({ item, value });
      total += value.countBytes();
      checkBulk(total);
    }
    return await work(decoded);
  } finally {
    for (const { value } of decoded) value.wipe();
  }
}
