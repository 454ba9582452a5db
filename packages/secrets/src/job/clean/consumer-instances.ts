import { defineJob } from "../define.ts";
import { cleaned } from "./clean.ts";

/** Forgets instances of consumers that have not been heard of for a day after their lease; the consumers stay. */
export const cleanConsumerInstances = defineJob({
  name: "consumer_instances.clean",
  everySeconds: 600,
  actions: [],
  run: ({ services }) => cleaned(services, "control_plane.clean_consumer_instances($1::int)"),
});
