import { wrapForRegion } from "../region/wrap-keys.ts";
import { defineJob } from "./define.ts";

/** Wraps keys under the root keys of the regions that may open them, new tenants' within a minute. */
export const wrapForRegions = defineJob({
  name: "region_keys.wrap",
  everySeconds: 60,
  actions: ["key.rotate"],
  async run({ services, call }) {
    let ended = true;
    for (const region of services.regions?.keys ?? [])
      ended = (await wrapForRegion(call("key.rotate"), region)) && ended;
    return ended ? "done" : "more";
  },
});
