import { runShreds } from "../shred/run.ts";
import { defineJob } from "./define.ts";

/** Destroys the keys of tenants whose shredding both sides agreed to, once the wait is over. */
export const endShreds = defineJob({
  name: "shreds.end",
  everySeconds: 60,
  actions: ["tenant.shred_run"],
  async run({ perform }) {
    await perform(runShreds, {});
    return "done";
  },
});
