import { KeyfoldError } from "../error.ts";
import { changeSql, type Unit } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { iso } from "../input/stored.ts";
import { tell } from "../message/tell.ts";
import { type Loaded, loadSecret } from "../secret/load.ts";
import type { SecretRow, VersionRow } from "../secret/rows.ts";
import { setSecretOutput } from "../secret/schema.ts";
import { asCurrent, moveSecret } from "../secret/store.ts";
import { viewSecret } from "../secret/view.ts";
import { finishVersionInput } from "../version/schema.ts";
import { moveVersion, supersede } from "../version/write.ts";
import { lockPending } from "./load.ts";

/**
 * Makes a pending version the current one; the one before steps back into its grace. Refused when another version has
 * become current since it was prepared.
 * @throws KeyfoldError `version_mismatch`
 */
export const finishVersion = defineVerb({
  action: "version.finish",
  changes: true,
  summary: "Make a pending version the current one",
  input: finishVersionInput,
  output: setSecretOutput,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(call, tenantId, async (unit) => {
      const loaded = await lockPending(unit, input);
      const { moved, rotatedFrom } = await finishPending(unit, loaded, input);
      return { secret: viewSecret(moved, loaded.place, loaded.version), changed: true, rotatedFrom };
    });
  },
});

/**
 * Makes a locked secret's pending version the current one.
 * @throws KeyfoldError `version_mismatch`
 */
export async function finishPending(
  unit: Unit,
  { secret, version }: Loaded & { version: VersionRow },
  facts: {
    reason?: string | undefined;
    graceSeconds?: number | undefined;
    details?: Record<string, string>;
  } = {},
): Promise<{ moved: SecretRow; rotatedFrom: number | null }> {
  const { call, query, tenantId } = unit;
  const rotatedFrom = secret.currentVersion;
  if (rotatedFrom !== version.rotatedFrom)
    throw new KeyfoldError("version_mismatch", {
      sentence:
        "Another version has become current since this one was prepared. Abandon it, and prepare anew.",
    });
  let openUntil: Date | null = null;
  if (rotatedFrom !== null) {
    const before = await loadSecret(call, query, tenantId, { id: secret.id }, { number: rotatedFrom });
    openUntil = await supersede(unit, secret, asCurrent(before.version!), facts.graceSeconds);
  }
  await moveVersion(unit, version, { state: "current" });
  const moved = await moveSecret(unit, secret, { state: "live", currentVersion: version.number });
  unit.record({
    action: "secret.rotated",
    target: { type: "secret", id: secret.id, name: secret.name, version: version.number },
    reason: facts.reason ?? version.reason,
    details: { rotatedFrom, openUntil: iso(openUntil), prepared: true, ...facts.details },
  });
  tell(unit, "secret.rotated", moved, {
    new_version: version.number,
    rotated_from: rotatedFrom,
    open_until: iso(openUntil),
  });
  return { moved, rotatedFrom };
}
