import { holds, mayReach } from "../access/authorize.ts";
import { KeyfoldError } from "../error.ts";
import { changeSql, type Unit } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { authorizeName, findPlace } from "../place/place.ts";
import { loadSecret } from "../secret/load.ts";
import { viewApproval } from "./rows.ts";
import { approvalView, requestApprovalInput } from "./schema.ts";
import { insertApproval, WAIT_SECONDS } from "./store.ts";

/**
 * A person asks to be let do what takes two. It lets nobody do what they hold no right to: that is asked when they do it.
 * @throws KeyfoldError `not_found`; `forbidden` for who is no person
 */
export const requestApproval = defineVerb({
  action: "approval.request",
  changes: true,
  summary: "Ask for an approval of what takes two people",
  input: requestApprovalInput,
  output: approvalView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    const { actor } = call;
    if (actor.type !== "user") throw new KeyfoldError("forbidden");
    return changeSql(
      call,
      tenantId,
      async (unit) => {
        const about = await subjectOf(unit, input);
        if (input.kind === "reveal" && !holds(actor, "secret.reveal", about))
          throw new KeyfoldError(mayReach(actor, "secret.get", about) ? "forbidden" : "not_found");
        const row = await insertApproval(unit, actor, about, {
          kind: input.kind,
          reason: input.reason,
          decided: false,
          seconds: WAIT_SECONDS,
        });
        unit.record({
          target: { type: "approval", id: row.id, name: about.name || null },
          reason: row.reason,
          details: { kind: row.kind, environment: row.environmentId },
        });
        return viewApproval(row, unit.now);
      },
      { raise: false },
    );
  },
});

/** What is asked about: a secret that is there, one that is not there yet, or the place itself. */
async function subjectOf(
  unit: Unit,
  input: { id?: string | undefined; name?: string | undefined } & Parameters<typeof findPlace>[1],
) {
  if (input.id !== undefined) {
    const { secret } = await loadSecret(
      unit.call,
      unit.query,
      unit.tenantId,
      { id: input.id },
      { deleted: true },
    );
    return { projectId: secret.projectId, environmentId: secret.environmentId, name: secret.name };
  }
  const place = await findPlace(unit, input);
  if (input.name !== undefined) authorizeName(unit, place, input.name);
  return { projectId: place.project.id, environmentId: place.environment.id, name: input.name ?? "" };
}
