import { withDeployment } from "@keyfold/db";
import { again } from "../flow/again.ts";
import { rotateTenantKeys } from "../key/term/rotate-tenant.ts";
import { defineJob } from "./define.ts";

/** Gives a tenant a new key whose key has wrapped so often that another one is due. */
export const rotateDueKeys = defineJob({
  name: "tenant_keys.rotate_due",
  everySeconds: 600,
  actions: ["key.rotate_tenant"],
  async run({ services, perform }) {
    const [due] = await again(() =>
      withDeployment(services.db, (tx) =>
        tx.query<{ tenant: string }>("SELECT control_plane.tenant_keys_due($1::bigint, 1) AS tenant", [
          services.wrapLimits.rotateAt,
        ]),
      ),
    );
    if (due === undefined) return "done";
    const { state } = await perform(rotateTenantKeys, { tenant: due.tenant, forSeconds: 5, perSecond: 500 });
    // One tenant a run: one with more versions than the limit would be due again at once. What stopped waits for a person.
    return state === "running" ? "more" : "done";
  },
});
