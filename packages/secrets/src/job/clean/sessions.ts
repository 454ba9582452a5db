import { defineJob } from "../define.ts";
import { cleaned } from "./clean.ts";

/** Forgets sessions that have expired. One that was ended early is forgotten when it would have expired. */
export const cleanSessions = defineJob({
  name: "sessions.clean",
  everySeconds: 600,
  everyRegion: true,
  actions: [],
  run: ({ services }) => cleaned(services, "control_plane.clean_sessions($1::int)"),
});
