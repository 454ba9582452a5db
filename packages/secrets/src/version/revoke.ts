import { defineVerb } from "../flow/verb.ts";
import { endVersion } from "./end.ts";
import { revokeVersionInput, versionView } from "./schema.ts";

/** Refuses a version's reads from now on; its bytes stay sealed until it is destroyed. */
export const revokeVersion = defineVerb({
  action: "version.revoke",
  changes: true,
  summary: "Revoke a version: reads of it are refused now",
  input: revokeVersionInput,
  output: versionView,
  run: (call, input) => endVersion(call, input, "revoked"),
});
