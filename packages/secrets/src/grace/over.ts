import { allHaveMoved } from "../consumer/waiting.ts";
import type { Unit } from "../flow/change.ts";
import { iso } from "../input/stored.ts";
import { tell } from "../message/tell.ts";
import type { SecretRow, VersionRow } from "../secret/rows.ts";
import { settleGrace } from "./keep.ts";
import { lockSwept } from "./load.ts";

interface InGrace {
  secret: SecretRow;
  version: VersionRow;
}

/** Whether a grace's time has not come yet, by the database's clock. */
export const isBeforeEnd = (unit: Unit, { openUntil }: VersionRow): boolean =>
  openUntil === null || openUntil > unit.now;

/** Ends a grace whose time, or whose last reader, has gone; says so to the audit log and to consumers. */
export async function endGraceOf(
  unit: Unit,
  { secret, version }: InGrace,
  cause: "time" | "moved",
): Promise<void> {
  const ended = await settleGrace(unit, secret, version);
  unit.record({
    action: "version.grace_ended",
    target: { type: "secret", id: secret.id, name: secret.name, version: version.number },
    details: { openUntil: iso(version.openUntil), became: ended.state, cause },
  });
  tell(unit, "secret.grace_ended", secret, { version: version.number });
}

/**
 * Ends a grace by acknowledgement, where its secret wants that and everybody has moved.
 * @returns whether it did: then nobody may go on from what they remember of it
 */
export async function endIfMoved(unit: Unit, secretId: string, number: number): Promise<boolean> {
  const found = await lockSwept(unit, secretId, number);
  if (found === null || found.version.held || found.secret.gracePolicy !== "acknowledgement") return false;
  // What has ended by time is the sweep's, and needs nobody's word.
  if (!isBeforeEnd(unit, found.version) || !(await allHaveMoved(unit, secretId, number))) return false;
  await endGraceOf(unit, found, "moved");
  return true;
}
