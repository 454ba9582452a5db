import type { Call } from "../flow/call.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { decodeValue, type Encoding } from "../input/value.ts";
import type { NewValue } from "./write.ts";
import { type WriteKeys, withWriteKeys } from "./write-keys.ts";

/**
 * What every verb that takes a value begins and ends with: decodes it, fetches the tenant's keys before any lock is held,
 * and overwrites the plaintext when the work is done, however it ends.
 * @throws KeyfoldError `bad_input`, `too_large`, `not_found`, `key_unavailable`
 */
export async function withNewValue<T>(
  call: Call,
  input: { tenant?: string | undefined; value: string; encoding: Encoding },
  work: (tenantId: string, keys: WriteKeys, value: NewValue) => Promise<T>,
): Promise<T> {
  const plaintext = decodeValue(input.value, input.encoding, call.services.limits.maxValueBytes);
  try {
    const tenantId = await tenantOf(call, input.tenant);
    return await withWriteKeys(call, tenantId, (keys) =>
      work(tenantId, keys, { plaintext, encoding: input.encoding }),
    );
  } finally {
    plaintext.fill(0);
  }
}
