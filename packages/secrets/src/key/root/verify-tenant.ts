import { KeyfoldError } from "../../error.ts";
import type { Call } from "../../flow/call.ts";
import type { Slot } from "../job/walk.ts";
import { type CurrentOpeners, openerFor } from "../opener/openers.ts";
import type { StoredTenantKey } from "../tenant/rows.ts";
import { loadStoredKeys } from "../tenant/stored-keys.ts";

/**
 * Opens each of a tenant's keys with this one root key (a hybrid one: and this one hybrid seed), and compares check values.
 * @throws KeyfoldError `illegal_state` for a key that it does not wrap; `decryption_failed`, `integrity_failed`, `key_unavailable`
 */
export async function verifyTenant(
  { services }: Call,
  tenantId: string,
  now: CurrentOpeners,
  slot: Slot,
): Promise<StoredTenantKey[]> {
  const stored = await slot(() => loadStoredKeys(services, tenantId));
  await Promise.all(
    stored.map(async (key) => {
      if (key.rootKey !== null) return; // its tenant's own root key is no matter of this one
      const opener = openerFor(now, key.suite);
      if (opener === null || !key.wraps.some((wrap) => wrap.opener === opener))
        throw new KeyfoldError("illegal_state", {
          cause: new Error(`a key has no wrap under ${opener ?? "a hybrid seed"}`),
        });
      await services.keys.open(tenantId, key, opener);
    }),
  );
  return stored;
}
