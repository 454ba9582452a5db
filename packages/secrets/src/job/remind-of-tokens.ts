import { remindOfExpiry } from "../token/remind.ts";
import { defineJob } from "./define.ts";

/** Tells a tenant that a token of its ends soon: 14 days, 3 days and a day ahead. */
export const remindOfTokens = defineJob({
  name: "tokens.remind",
  everySeconds: 600,
  actions: ["token.list"],
  run: ({ call }) => remindOfExpiry(call("token.list")),
});
