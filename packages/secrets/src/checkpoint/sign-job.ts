import { defineJob } from "../job/define.ts";
import { makeCheckpoint } from "./make.ts";

/** Signs how far every audit chain is, every minute in which something happened. */
export const signCheckpoints = defineJob({
  name: "checkpoints.sign",
  everySeconds: 60,
  everyRegion: true,
  actions: [],
  async run({ services }) {
    await makeCheckpoint(services);
    return "done";
  },
});
