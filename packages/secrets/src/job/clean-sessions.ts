import { cleaned } from "./clean.ts";
import { defineJob } from "./define.ts";

/** Forgets sessions that have expired. One that was ended early is forgotten when it would have expired. */
export const cleanSessions = defineJob({
  name: "sessions.clean",
  everySeconds: 600,
  everyRegion: true,
  actions: [],
  run: ({ services }) => cleaned(services, "control_plane.clean_sessions($1::int)"),
});
