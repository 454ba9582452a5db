import { z } from "zod";
import { defineVerb } from "../../flow/verb.ts";
import { rotatorsInput, rotatorsOutput } from "./schema.ts";

/** The rotators of this deployment, with what each can be told: for forms. */
export const listRotators = defineVerb({
  action: "rotation.rotators",
  changes: false,
  summary: "List the rotators that this deployment has",
  input: rotatorsInput,
  output: rotatorsOutput,
  run: async ({ services }) => ({
    rotators: [...services.rotators.values()].map(({ kind, title, hasTarget, config }) => ({
      kind,
      title,
      hasTarget,
      config: z.toJSONSchema(config, { io: "input", unrepresentable: "any" }) as Record<string, unknown>,
    })),
  }),
});
