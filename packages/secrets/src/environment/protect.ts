import { agreedTo } from "../approval/find.ts";
import { KeyfoldError } from "../error.ts";
import { change } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import type { Protection } from "../policy/policy.ts";
import { environmentView, protectEnvironmentInput } from "./schema.ts";
import { findEnvironment, moveEnvironment, viewEnvironment } from "./store.ts";

const STRENGTH = { none: 0, changes: 1, all: 2 };
const strength = (protection: Protection | null): number => STRENGTH[protection ?? "none"];

/**
 * Says what takes two people in an environment. To ask for less than now takes two people itself.
 * @throws KeyfoldError `not_found`, `approval_required`
 */
export const protectEnvironment = defineVerb({
  action: "environment.protect",
  changes: true,
  summary: "Say what takes two people in an environment",
  input: protectEnvironmentInput,
  output: environmentView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return change(call, tenantId, async (unit) => {
      const row = await findEnvironment(unit, input.environment);
      const before = row.protection as Protection | null;
      if (strength(input.protection) < strength(before)) {
        const itself = { projectId: row.projectId, environmentId: row.id, name: "" };
        // As a change of anything in it.
        const about = { tenantId, actor: call.actor, action: "secret.set_access_policy" as const };
        const agreed = await agreedTo(unit.query, call.services.mac, about, itself, null, before);
        if (agreed !== null && "code" in agreed)
          throw new KeyfoldError(agreed.code, { sentence: agreed.sentence });
      }
      const moved = await moveEnvironment(unit, row, { protection: input.protection });
      unit.record({
        target: { type: "environment", id: row.id, name: row.name },
        details: { protection: moved.protection, before },
      });
      return viewEnvironment(moved);
    });
  },
});
