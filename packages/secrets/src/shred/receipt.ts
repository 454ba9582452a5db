import { tellDeployment } from "../audit/deployment.ts";
import { KeyfoldError } from "../error.ts";
import { changeSql } from "../flow/change.ts";
import { defineVerb } from "../flow/verb.ts";
import { shredReceiptInput, shredReceiptOutput } from "./schema.ts";
import { newestShred } from "./store.ts";

/** The signed receipt of a tenant's shredding, also after the tenant was purged. */
export const shredReceipt = defineVerb({
  action: "tenant.shred_receipt",
  changes: false,
  summary: "Read the signed receipt of a tenant's shredding",
  input: shredReceiptInput,
  output: shredReceiptOutput,
  async run(call, input) {
    const { signer } = call.services;
    return changeSql(
      call,
      input.tenant,
      async (unit) => {
        const row = await newestShred(unit);
        if (row?.receipt == null) throw new KeyfoldError("not_found");
        // The tenant's own chain may have ended: the deployment's tells of this.
        await tellDeployment(unit, {
          target: { type: "tenant", id: input.tenant, name: row.slug },
          details: { shred: row.id },
        });
        return { receipt: row.receipt, publicKey: signer.publicKey };
      },
      { tenant: "any" },
    );
  },
});
