import { defineJob } from "../define.ts";
import { cleaned } from "./clean.ts";

/** Forgets tokens that federation rules gave out, a week after their end. */
export const cleanFederatedTokens = defineJob({
  name: "tokens.clean",
  everySeconds: 600,
  actions: [],
  run: ({ services }) => cleaned(services, "control_plane.clean_federated_tokens($1::int)"),
});
