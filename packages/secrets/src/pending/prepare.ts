import type { SecretValue } from "@keyfold/envelope";
import { KeyfoldError } from "../error.ts";
import { changeSql, type Unit } from "../flow/change.ts";
import { onceFor, spellValue } from "../flow/replay.ts";
import { defineVerb } from "../flow/verb.ts";
import { type Loaded, lockSecret } from "../secret/load.ts";
import type { VersionRow } from "../secret/rows.ts";
import { checkExpected, nextRow, updateOf } from "../secret/store.ts";
import { withNewValue } from "../version/new-value.ts";
import { prepareVersionInput, versionView } from "../version/schema.ts";
import { viewVersion } from "../version/view.ts";
import { FIRST_PARAMETER, sealVersion, suiteFor, writeVersion } from "../version/write.ts";
import type { WriteKeys } from "../version/write-keys.ts";
import { pendingOf } from "./load.ts";

/**
 * Makes the next version without making it current: it is sealed, opens to nobody, and waits to be finished or abandoned.
 * It remembers which version it was based on. A secret has one at most.
 */
export const prepareVersion = defineVerb({
  action: "version.prepare",
  changes: true,
  summary: "Make a pending version, to be finished or abandoned",
  input: prepareVersionInput,
  output: versionView,
  run(call, input) {
    return withNewValue(call, input, (tenantId, keys, value) =>
      changeSql(call, tenantId, async (unit) => {
        const loaded = await lockSecret(unit, { id: input.id });
        return onceFor(unit, input.idempotencyKey, { ...input, value: spellValue(unit, value) }, async () => {
          checkExpected(loaded.secret, input.expectedVersion);
          const version = await preparePending(unit, loaded, keys, value, { reason: input.reason ?? null });
          return viewVersion(version, unit.now);
        });
      }),
    );
  },
});

/**
 * Makes a locked secret's next version, pending.
 * @throws KeyfoldError `illegal_state` where it has one
 */
export async function preparePending(
  unit: Unit,
  { secret, lastNumber }: Loaded,
  keys: WriteKeys,
  value: SecretValue,
  facts: { reason: string | null; details?: Record<string, string> },
): Promise<VersionRow> {
  const pending = await pendingOf(unit, secret.id);
  if (pending !== null)
    throw new KeyfoldError("illegal_state", {
      sentence: `Version ${pending} of this secret is pending already. Finish it or abandon it first.`,
    });
  const version = sealVersion(unit, secret, keys.of(await suiteFor(unit, secret)), value, {
    number: lastNumber + 1,
    rotatedFrom: secret.currentVersion,
    reason: facts.reason,
    state: "pending",
  });
  await writeVersion(unit, version, updateOf(unit, nextRow(unit, secret, {}), FIRST_PARAMETER));
  unit.record({
    action: "version.prepared",
    target: { type: "secret", id: secret.id, name: secret.name, version: version.row.number },
    reason: facts.reason,
    details: { basedOn: secret.currentVersion, ...facts.details },
  });
  return version.row;
}
