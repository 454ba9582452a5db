import type { Grant } from "../access/scope.ts";
import { grantOf, scopeSchema } from "../access/scope.ts";
import { KeyfoldError } from "../error.ts";
import type { PrismaUnit } from "../flow/change.ts";
import { liveToken } from "../token/live.ts";
import { rightsIn } from "./give.ts";
import { findMember } from "./store.ts";

/**
 * What somebody holds now who did something earlier, as a row's `created_by` names them: nobody's word is worth more later
 * than they are.
 * @returns none for a token that has ended, for who is no member any more, and for whoever is neither
 * @throws KeyfoldError `integrity_failed`
 */
export async function heldNow(unit: PrismaUnit, who: unknown): Promise<readonly Grant[]> {
  const { type, id } = who as { type: string; id: string };
  if (type === "service_token") {
    const row = await liveToken(unit, id);
    if (row === null) return [];
    const scope = scopeSchema.safeParse(row.scope);
    if (!scope.success) throw new KeyfoldError("integrity_failed");
    return [grantOf(scope.data)];
  }
  if (type !== "user") return [];
  const member = await findMember(unit, id);
  if (member === null || member.removedAt !== null) return [];
  const rights = await rightsIn(unit, member.grants);
  return rights.filter(({ expiresAt }) => expiresAt === null || expiresAt > unit.now);
}
