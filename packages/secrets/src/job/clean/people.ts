import { defineJob } from "../define.ts";
import { cleaned } from "./clean.ts";

/** Forgets links, sign-ins that nobody finished, and counts of failed ones. */
export const cleanPeople = defineJob({
  name: "people.clean",
  everySeconds: 600,
  actions: [],
  run: ({ services }) => cleaned(services, "control_plane.clean_people($1::int)"),
});
