import { defineJob } from "../define.ts";
import { cleaned } from "./clean.ts";

/** Forgets the answers that are kept for repeated calls, 24 hours after they were given. */
export const cleanIdempotencyKeys = defineJob({
  name: "idempotency_keys.clean",
  everySeconds: 600,
  everyRegion: true,
  actions: [],
  run: ({ services }) => cleaned(services, "control_plane.clean_idempotency_keys($1::int)"),
});
