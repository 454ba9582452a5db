import { tenantOf } from "../../flow/tenant-of.ts";
import { defineVerb } from "../../flow/verb.ts";
import { bulkGetInput, bulkGetOutput } from "../schema.ts";
import { revealNames } from "./names.ts";

/** The current values of up to 500 secrets of one place, all or nothing: one that is missing fails the call. */
export const revealManySecrets = defineVerb({
  action: "secret.reveal",
  changes: false,
  summary: "Reveal many secrets of one environment, all or nothing",
  input: bulkGetInput,
  output: bulkGetOutput,
  async run(call, input) {
    const opened = await revealNames(call, await tenantOf(call, input.tenant), input, input.names);
    return { secrets: input.names.map((name) => opened.get(name)!) };
  },
});
