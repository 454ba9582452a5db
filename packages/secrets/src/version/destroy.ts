import { defineVerb } from "../flow/verb.ts";
import { endVersion } from "./end.ts";
import { destroyVersionInput, versionView } from "./schema.ts";

/** Erases a version's key and sealed bytes. Cannot be undone. */
export const destroyVersion = defineVerb({
  action: "version.destroy",
  changes: true,
  summary: "Destroy a version: its key is erased",
  input: destroyVersionInput,
  output: versionView,
  run: (call, input) => endVersion(call, input, "destroyed"),
});
