import type { Unit } from "../../flow/change.ts";
import { nextOf } from "../policy/reminders.ts";
import { loadPolicy, movePolicy, nextRotation } from "../policy/store.ts";

/** A secret has a new version: its policy looks ahead from now. */
export async function lookAhead(unit: Unit, secretId: string): Promise<void> {
  const policy = await loadPolicy(unit, secretId);
  if (policy === null) return;
  const due = nextRotation(policy, unit.now);
  await movePolicy(unit, policy, {
    tryAt: policy.rotator === null ? null : due,
    remindAt: nextOf(policy, due, unit.now),
    reminded: 0,
  });
}
