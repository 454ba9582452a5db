import type { Call } from "../../flow/call.ts";
import { changeSql } from "../../flow/change.ts";
import { iso } from "../../input/stored.ts";
import type { Waits } from "../../mail/letters.ts";
import { tell } from "../../message/tell.ts";
import { lockSecret } from "../../secret/load.ts";
import { nextOf } from "../policy/reminders.ts";
import { loadPolicy, movePolicy, nextRotation, OVERDUE_MS, type PolicyRow } from "../policy/store.ts";
import { remindByMail } from "./remind-by-mail.ts";

const DAY_MS = 86_400_000;
/** From the third reminder on it is said to be an escalation: who was told has not done it. */
const ESCALATES_AT = 3;

/** Tells whom it concerns that a secret is due for rotation by people, that it is late, or that its value ends. */
export async function remind(call: Call, tenantId: string, secretId: string): Promise<void> {
  await changeSql(
    call,
    tenantId,
    async (unit) => {
      const { secret, version } = await lockSecret(unit, { id: secretId });
      const policy = await loadPolicy(unit, secret.id);
      if (policy?.remindAt == null || policy.remindAt > unit.now) return;
      const due = nextRotation(policy, version?.createdAt ?? null);
      const kinds = whatToSay(policy, due, unit.now);
      const reminded = kinds.length === 0 ? 0 : policy.reminded + 1;
      await movePolicy(unit, policy, { remindAt: nextOf(policy, due, unit.now), reminded });
      const escalated = reminded >= ESCALATES_AT;
      for (const kind of kinds) {
        const at = kind.startsWith("secret.expir") ? policy.expiresAt : due;
        const { required, owner } = policy;
        unit.record({
          action: `rotation.${kind.slice("secret.".length)}`,
          target: { type: "secret", id: secret.id, name: secret.name, version: secret.currentVersion },
          details: { due: iso(at), required, owner, reminder: reminded, escalated },
        });
        await remindByMail(unit, policy, kind, { name: secret.name, at, escalated });
        tell(unit, kind, secret, { due: iso(at), required, owner, reminder: reminded, escalated });
        if (escalated || (required && kind === "secret.rotation_overdue"))
          call.services.log.warn(
            { tenant: tenantId, secret: secret.id, due: iso(at), required, reminder: reminded, what: kind },
            "a secret waits for whoever rotates it",
          );
      }
    },
    { raise: false },
  );
}

function whatToSay(policy: PolicyRow, due: Date | null, now: Date): Waits[] {
  const said: Waits[] = [];
  const inTwoWeeks = new Date(now.getTime() + 14 * DAY_MS);
  if (due !== null && policy.rotator !== null && due.getTime() + OVERDUE_MS <= now.getTime())
    said.push("secret.rotation_overdue");
  if (due !== null && policy.rotator === null && due <= inTwoWeeks)
    said.push(due <= now ? "secret.rotation_overdue" : "secret.rotation_due");
  if (policy.expiresAt !== null && policy.expiresAt <= inTwoWeeks)
    said.push(policy.expiresAt <= now ? "secret.expired" : "secret.expiring");
  return said;
}
