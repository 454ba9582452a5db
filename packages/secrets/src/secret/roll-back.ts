import { KeyfoldError } from "../error.ts";
import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { openVersion } from "../version/open.ts";
import { withWriteKeys } from "../version/write-keys.ts";
import { loadSecret, lockSecret } from "./load.ts";
import { rollBackSecretInput, setSecretOutput } from "./schema.ts";
import { checkExpected, putVersion } from "./store.ts";

/**
 * Rotates to an older version's value: a new version with that value, freshly sealed. A version that was revoked or
 * destroyed does not come back; one whose grace has ended, or that is kept, does while its bytes are there.
 */
export const rollBackSecret = defineVerb({
  action: "secret.roll_back",
  changes: true,
  summary: "Roll a secret back to an older version's value",
  input: rollBackSecretInput,
  output: setSecretOutput,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return withWriteKeys(call, tenantId, (keys) =>
      changeSql(call, tenantId, async (unit) => {
        const loaded = await lockSecret(unit, input);
        checkExpected(loaded.secret, input.expectedVersion);
        if (input.to === loaded.secret.currentVersion)
          throw new KeyfoldError("illegal_state", { sentence: "That version is current already." });
        const older = await loadSecret(
          call,
          unit.query,
          tenantId,
          { id: loaded.secret.id },
          { number: input.to, sealed: true },
        );
        if (older.version === null) throw new KeyfoldError("not_found");
        if (older.version.state === "revoked") throw new KeyfoldError("version_revoked");
        if (older.version.state === "pending") throw new KeyfoldError("version_pending");
        if (older.version.state === "destroyed") throw new KeyfoldError("version_destroyed");
        const value = await openVersion(call, tenantId, older);
        try {
          const put = await putVersion(unit, loaded, keys, value, {
            reason: input.reason ?? null,
            sameIsNothing: false,
          });
          unit.record({
            target: { type: "secret", id: put.secret.id, name: put.secret.name, version: put.version },
            reason: input.reason ?? null,
            details: {
              to: input.to,
              rotatedFrom: put.rotatedFrom,
              openUntil: put.openUntil?.toISOString() ?? null,
            },
          });
          return { secret: put.secret, changed: true, rotatedFrom: put.rotatedFrom };
        } finally {
          value.wipe();
        }
      }),
    );
  },
});
