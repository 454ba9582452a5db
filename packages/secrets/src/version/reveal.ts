import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { reveal, revealKnown } from "../secret/reveal/reveal.ts";
import { revealedView } from "../secret/schema.ts";
import { revealVersionInput } from "./schema.ts";

/** One version's value: the current one, or one whose grace has not ended. */
export const revealVersion = defineVerb({
  action: "version.reveal",
  changes: false,
  summary: "Reveal one version's value",
  input: revealVersionInput,
  output: revealedView,
  warm: (services, request, input) => revealKnown(services, "version.reveal", request, input),
  warmIsNarrow: true,
  async run(call, input) {
    return reveal(call, await tenantOf(call, input.tenant), { id: input.id }, input.version);
  },
});
