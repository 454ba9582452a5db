import { KeyfoldError } from "../error.ts";
import { lookSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { findPlace } from "../place/place.ts";
import { openVersion, refuseClosed, refusedFrom } from "../version/open.ts";
import { loadSecret } from "./load.ts";
import { noteRead } from "./reveal.ts";
import { bulkGetInput, bulkGetOutput, MAX_BULK_BYTES, type RevealedView } from "./schema.ts";
import { viewRevealed } from "./view.ts";

/** The current values of up to 500 secrets of one place, all or nothing: one that is missing fails the call. */
export const revealManySecrets = defineVerb({
  action: "secret.reveal",
  changes: false,
  summary: "Reveal many secrets of one environment, all or nothing",
  input: bulkGetInput,
  output: bulkGetOutput,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    // Before the transaction: a key is loaded over a connection of its own.
    await call.services.keys.current(tenantId, "value");
    const { secrets } = await lookSql(call, tenantId, async (unit) => {
      const place = await findPlace(unit, input);
      const names = [...new Set(input.names)];
      const opened = new Map<string, RevealedView>();
      let total = 0;
      for (const name of names) {
        const ref = { project: place.project.id, environment: place.environment.id, name };
        const loaded = await loadSecret(call, unit.query, tenantId, ref, { sealed: true });
        const { secret, version, now } = loaded;
        if (version === null) throw new KeyfoldError("secret_empty");
        refuseClosed(version, now);
        const plaintext = await openVersion(call, tenantId, loaded);
        try {
          total += plaintext.length;
          if (total > MAX_BULK_BYTES)
            throw new KeyfoldError("too_large", {
              sentence: `One call carries at most ${MAX_BULK_BYTES} bytes of values.`,
            });
          unit.record({
            target: { type: "secret", id: secret.id, name: secret.name, version: version.number },
          });
          opened.set(name, viewRevealed(secret, { ...version, openUntil: refusedFrom(version) }, plaintext));
        } finally {
          plaintext.fill(0);
        }
      }
      return { secrets: input.names.map((name) => opened.get(name)!) };
    });
    for (const { id, version } of secrets) noteRead(call, id, version);
    return { secrets };
  },
});
