import { defineJob } from "../define.ts";
import { cleaned } from "./clean.ts";

/** Forgets what links share once they have ended, and the links a month later. */
export const cleanLinks = defineJob({
  name: "links.clean",
  everySeconds: 600,
  actions: [],
  run: ({ services }) => cleaned(services, "control_plane.clean_value_links($1::int)"),
});
