import { randomUUID } from "node:crypto";
import { asKeyfoldError, KeyfoldError } from "../../error.ts";
import type { Call } from "../../flow/call.ts";
import { databaseError } from "../../flow/database-error.ts";
import { NO_TENANT, tenantsToDo } from "../root/tenants.ts";
import type { KeyJobView, Pacing } from "../schema.ts";
import { loadStoredKeys } from "../tenant/stored-keys.ts";
import { freshWork, renewTenant, type TenantWork } from "../term/renew-tenant.ts";
import { type Job, viewJob } from "./job.ts";
import { advance, beginTermJob, finishTermJob, type TermJobScope } from "./term-job.ts";
import { turnOf, walkTenants } from "./walk.ts";

/** Versions in one slice: one transaction, one audit event. */
const SLICE = 200;

/** One call's worth of a job over tenants' keys and values: call again until it is done. Several processes may, at once. */
export async function runTermJob(call: Call, scope: TermJobScope, pacing: Pacing): Promise<KeyJobView> {
  const { services } = call;
  const job: Job = await beginTermJob(call, scope);
  const { perSecond } = pacing;
  // Held back to its rate, a slice is about a quarter of a second's work, and one tenant's turn at a time.
  const limit = perSecond === undefined ? SLICE : Math.max(1, Math.min(SLICE, Math.floor(perSecond / 4)));
  const works = new Map<string, TenantWork>();
  const start = randomUUID();
  let after: string = start;
  let around = false;
  const todo = (from: string, most: number) => tenantsToDo(services, job, from, most);
  const walked = await walkTenants(services, {
    ...pacing,
    ...(perSecond === undefined ? {} : { atOnce: 1 }),
    // From anywhere, once around: two who help each other start in different places.
    async next(most) {
      let tenants = await todo(after, most);
      if (tenants.length === 0 && !around) {
        around = true;
        tenants = await todo(NO_TENANT, most);
      }
      if (around) tenants = tenants.filter((tenant) => tenant <= start);
      after = tenants.at(-1) ?? after;
      return tenants;
    },
    async each(tenant, slot) {
      const work = works.get(tenant) ?? freshWork();
      works.set(tenant, work);
      try {
        const did = await turnOf(() => renewTenant(call, job, tenant, work, limit, slot));
        if (!did.more) works.delete(tenant);
        return did;
      } catch (error) {
        const { code } = asKeyfoldError(databaseError(error) ?? error);
        if (code === "decryption_failed" && (await slot(() => loadStoredKeys(services, tenant))).length === 0)
          throw new KeyfoldError("not_found"); // purged under our hands
        throw error;
      }
    },
  });
  // Who came all the way around and met none but failures has nothing left that it could do.
  const stuck =
    walked.ended && walked.failed.length >= 1 && walked.keys === 0 ? walked.failed[0]!.code : null;
  const problem = walked.stoppedBy ?? stuck;
  const now = await advance(call, job, { keys: walked.keys, problem });
  if (problem === null) {
    const ended = await finishTermJob(call, now);
    if (ended !== null) return viewJob(ended, walked);
  }
  return viewJob(now, walked);
}
