import type { SecretValue } from "@keyfold/envelope";
import type { Call } from "../../flow/call.ts";
import { GivenValue } from "../../input/value.ts";
import { withNewValue } from "../../version/new-value.ts";
import type { WriteKeys } from "../../version/write-keys.ts";

/** `withNewValue` for a value that a rotator made. @throws KeyfoldError `too_large`, `key_unavailable` */
export function withMadeValue<T>(
  call: Call,
  tenant: string,
  made: SecretValue,
  work: (keys: WriteKeys, value: SecretValue) => Promise<T>,
): Promise<T> {
  const input = { tenant, value: new GivenValue(made.unsafelyEncoded()), encoding: made.encoding };
  return withNewValue(call, input, (_, keys, value) => work(keys, value));
}
