import { mayAtAll } from "../access/authorize.ts";
import { KeyfoldError } from "../error.ts";
import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { findPlaceFor } from "../place/place.ts";
import { loadSecret } from "../secret/load.ts";
import { type PutResult, putByName } from "../secret/set/put.ts";
import { checkExpected } from "../secret/store.ts";
import { openVersion, refuseClosed } from "../version/open.ts";
import { withWriteKeys } from "../version/write-keys.ts";
import { promoteInput, promoteOutput } from "./schema.ts";

/**
 * Takes current values from one environment into another, all or nothing. Whoever does must be allowed to read the ones and
 * to set the others; the values come to nobody, and each read is an event all the same.
 */
export const promoteSecrets = defineVerb({
  action: "secret.set",
  changes: true,
  summary: "Take secrets' values from one environment into another, all or nothing",
  input: promoteInput,
  output: promoteOutput,
  async run(call, input) {
    if (!mayAtAll(call.actor, "secret.reveal")) throw new KeyfoldError("forbidden");
    const reading = { ...call, action: "secret.reveal" as const };
    const tenantId = await tenantOf(call, input.tenant);
    const { project, reason } = input;
    // Everyone locks in one order, so that two such calls cannot wait for each other.
    const inOrder = input.items.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return withWriteKeys(
      call,
      tenantId,
      (keys) =>
        changeSql(call, tenantId, async (unit) => {
          const names = inOrder.map(({ name }) => name);
          const to = await findPlaceFor(unit, { project, environment: input.to }, names);
          const source = { project: project ?? to.project.id, environment: input.from };
          const byName = new Map<string, PutResult>();
          for (const { name, fromVersion, expectedVersion } of inOrder) {
            const loaded = await loadSecret(
              reading,
              unit.query,
              tenantId,
              { ...source, name },
              { sealed: true },
            );
            const { secret, version, place, now } = loaded;
            if (place.environment.id === to.environment.id)
              throw new KeyfoldError("bad_input", {
                issues: [{ path: "to", message: "is where the values come from" }],
              });
            checkExpected(secret, fromVersion);
            if (version === null) throw new KeyfoldError("secret_empty");
            refuseClosed(version, now);
            const value = await openVersion(reading, tenantId, loaded);
            try {
              unit.record({
                action: "secret.accessed",
                target: { type: "secret", id: secret.id, name, version: version.number },
                reason: reason ?? null,
                details: { promotedTo: to.environment.id },
              });
              byName.set(name, await putByName(unit, to, name, keys, value, { reason, expectedVersion }));
            } finally {
              value.wipe();
            }
          }
          return { results: input.items.map(({ name }) => byName.get(name)!) };
        }),
      input.items.length,
    );
  },
});
