import type { SecretValue } from "@keyfold/rotators";
import type { Call } from "../../flow/call.ts";
import { withNewValue } from "../../version/new-value.ts";
import type { NewValue } from "../../version/write.ts";
import type { WriteKeys } from "../../version/write-keys.ts";

/** `withNewValue` for a value that a rotator made. @throws KeyfoldError `too_large`, `key_unavailable` */
export function withMadeValue<T>(
  call: Call,
  tenant: string,
  made: SecretValue,
  work: (keys: WriteKeys, value: NewValue) => Promise<T>,
): Promise<T> {
  const { encoding } = made;
  const value = encoding === "utf8" ? made.unsafelyText() : made.unsafelyBytes().toString("base64");
  return withNewValue(call, { tenant, value, encoding }, (_, keys, sealable) => work(keys, sealable));
}
