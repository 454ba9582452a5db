import { defineJob } from "../define.ts";
import { cleaned } from "./clean.ts";

/**
 * Forgets messages to consumers thirty days after their change, and with them the log of their deliveries: so long a
 * stream that was away can go on where it was, and a delivery can be replayed.
 */
export const cleanMessages = defineJob({
  name: "messages.clean",
  everySeconds: 600,
  actions: [],
  run: ({ services }) => cleaned(services, "control_plane.sweep_messages(interval '30 days', $1::int)"),
});
