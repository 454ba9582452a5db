import { KeyfoldError } from "../error.ts";
import type { Call } from "../flow/call.ts";
import { decodeValue, type Encoding } from "../input/value.ts";
import { MAX_BULK_BYTES } from "../secret/schema.ts";

interface Given {
  name: string;
  value: string;
  encoding: Encoding;
}

/**
 * Decodes values for as long as the work lasts, and overwrites them after it, however it ends.
 * @param path what the list is called in the input
 * @throws KeyfoldError `bad_input`, `too_large`
 */
export async function withValues<I extends Given, T>(
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
      if (total > MAX_BULK_BYTES)
        throw new KeyfoldError("too_large", {
          sentence: `One call carries at most ${MAX_BULK_BYTES} bytes of values.`,
        });
    }
    return await work(decoded);
  } finally {
    for (const { plaintext } of decoded) plaintext.fill(0);
  }
}
