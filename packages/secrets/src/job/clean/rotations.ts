import { defineJob } from "../define.ts";
import { cleaned } from "./clean.ts";

/**
 * Forgets rotations ninety days after they ended, but for each secret's last one and those whose version still opens. What
 * they did stays in the audit log.
 */
export const cleanRotations = defineJob({
  name: "rotations.clean",
  everySeconds: 600,
  actions: [],
  run: ({ services }) => cleaned(services, "control_plane.clean_rotations(interval '90 days', $1::int)"),
});
