import { sweepGraces } from "../grace/sweep.ts";
import { defineJob } from "./define.ts";

/** Destroys (or keeps) versions whose grace has ended, and tells readers an hour before one ends. */
export const settleGraces = defineJob({
  name: "graces.settle",
  everySeconds: 30,
  actions: ["version.end_grace"],
  run: ({ call }) => sweepGraces(call("version.end_grace")),
});
