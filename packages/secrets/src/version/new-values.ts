import type { Call } from "../flow/call.ts";
import { checkBulk, decodeValue, type Encoding } from "../input/value.ts";

interface Given {
  name: string;
  value: string;
  encoding: Encoding;
}

/**
 * Decodes many values for as long as the work lasts, and overwrites them after it, however it ends.
 * @param path what the list is called in the input
 * @throws KeyfoldError `bad_input`, `too_large`
 */
export async function withNewValues<I extends Given, T>(
  call: Call,
  items: readonly I[],
  path: string,
  work: (items: readonly { item: I; plaintext: Buffer<ArrayBuffer> }[]) => Promise<T>,
): Promise<T> {
  const decoded: { item: I; plaintext: Buffer<ArrayBuffer> }[] = [];
  try {
    let total = 0;
    for (const [index, item] of items.entries()) {
      const { maxValueBytes } = call.services.limits;
      const plaintext = decodeValue(item.value, item.encoding, maxValueBytes, `${path}.${index}.value`);
      decoded.push({ item, plaintext });
      total += plaintext.length;
      checkBulk(total);
    }
    return await work(decoded);
  } finally {
    for (const { plaintext } of decoded) plaintext.fill(0);
  }
}
