import type { Encoding, SecretValue } from "@keyfold/envelope";
import type { Call } from "../flow/call.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { decodeValue, type GivenValue } from "../input/value.ts";
import { type WriteKeys, withWriteKeys } from "./write-keys.ts";

/**
 * What every verb that takes a value begins and ends with: decodes it, fetches the tenant's keys before any lock is held,
 * and wipes the value when the work is done, however it ends.
 * @throws KeyfoldError `bad_input`, `too_large`, `not_found`, `key_unavailable`
 */
export async function withNewValue<T>(
  call: Call,
  input: { tenant?: string | undefined; value: GivenValue; encoding: Encoding },
  work: (tenantId: string, keys: WriteKeys, value: SecretValue) => Promise<T>,
): Promise<T> {
  const value = decodeValue(input.value, input.encoding, call.services.limits.maxValueBytes);
  try {
    const tenantId = await tenantOf(call, input.tenant);
    return await withWriteKeys(call, tenantId, (keys) => work(tenantId, keys, value));
  } finally {
    value.wipe();
  }
}
