import { tenantOf } from "../../flow/tenant-of.ts";
import { defineVerb } from "../../flow/verb.ts";
import { runTermJob } from "../job/run-term-job.ts";
import { keyJobView, reEncryptInput } from "../schema.ts";

/**
 * Re-encrypts one secret, one tenant or everything: each version's value sealed anew under a fresh DEK. For a tenant under
 * a new term of its key, and the old one is gone at the end; for one secret under the current term. One slice of the job;
 * call again until it is done. Nobody is told a value by it, and reads go on meanwhile.
 */
export const reEncrypt = defineVerb({
  action: "key.re_encrypt",
  changes: true,
  summary: "Re-encrypt values under new keys for a while, and say how far it is",
  input: reEncryptInput,
  output: keyJobView,
  async run(call, { tenant, secret, digests, ...pacing }) {
    const tenantId = tenant === undefined ? null : await tenantOf(call, tenant);
    const scope = { kind: "re_encrypt" as const, opener: null, tenantId, secretId: secret ?? null, digests };
    return runTermJob(call, scope, pacing);
  },
});
