import { tenantOf } from "../../flow/tenant-of.ts";
import { defineVerb } from "../../flow/verb.ts";
import { runTermJob } from "../job/run-term-job.ts";
import { keyJobView, rotateTenantKeysInput } from "../schema.ts";

/**
 * Rotates tenant keys: a new term for one tenant, or for each, every DEK rewrapped under it, and the old term gone. Values
 * keep their sealed bytes. One slice of the job; call again until it is done.
 */
export const rotateTenantKeys = defineVerb({
  action: "key.rotate_tenant",
  changes: true,
  summary: "Rotate tenant keys: new terms, DEKs rewrapped, for a while, and say how far it is",
  input: rotateTenantKeysInput,
  output: keyJobView,
  async run(call, { tenant, ...pacing }) {
    const tenantId = tenant === undefined ? null : await tenantOf(call, tenant);
    return runTermJob(
      call,
      { kind: "rotate_tenant", opener: null, tenantId, secretId: null, digests: false },
      pacing,
    );
  },
});
