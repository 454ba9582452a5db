import { withDeployment } from "@keyfold/db";
import type { z } from "zod";
import { asKeyfoldError, describeCause } from "../error.ts";
import { again } from "../flow/again.ts";
import type { Call } from "../flow/call.ts";
import { databaseError } from "../flow/database-error.ts";
import { onDeployment } from "../flow/deployment-change.ts";
import { defineVerb } from "../flow/verb.ts";
import { finishShred } from "./finish.ts";
import { runShredsInput, runShredsOutput } from "./schema.ts";

/** Shreddings that one call ends. */
const AT_ONCE = 10;

/**
 * Ends the shreddings whose wait is over: what the background job does, and who will not wait for it. One that fails
 * holds up no other, and stays for the next call.
 */
export const runShreds = defineVerb({
  action: "tenant.shred_run",
  changes: true,
  summary: "End the shreddings whose wait is over",
  input: runShredsInput,
  output: runShredsOutput,
  async run(call) {
    const due = await again(() =>
      withDeployment(call.services.db, (tx) =>
        tx.query<{ tenant: string }>("SELECT tenant_id AS tenant FROM control_plane.shreds_due($1::int)", [
          AT_ONCE,
        ]),
      ),
    );
    const shreds: z.input<typeof runShredsOutput>["shreds"] = [];
    for (const { tenant } of due) shreds.push({ tenant, ...(await finished(call, tenant)) });
    if (call.actor.type === "operator")
      await onDeployment(call, async (unit) =>
        unit.record({ target: null, details: { count: shreds.length } }),
      );
    return { shreds };
  },
});

async function finished(call: Call, tenant: string) {
  const { log } = call.services;
  try {
    const ended = await finishShred(call, tenant);
    if (ended.problem !== null)
      log.warn(
        { tenant, code: ended.problem },
        "a shredded tenant's wrapped keys are still in dead rows: an old transaction or a replication slot holds them; trying again",
      );
    return ended;
  } catch (error) {
    const { code, cause } = asKeyfoldError(databaseError(error) ?? error);
    if (code === "unauthenticated") throw error;
    log.error({ code, tenant, cause: describeCause(cause) }, "a shredding could not be ended");
    return { state: null, problem: code };
  }
}
