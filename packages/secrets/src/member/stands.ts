import type { Query } from "@keyfold/db";
import type { Actor } from "../access/actor.ts";
import { KeyfoldError } from "../error.ts";

/**
 * Whether a person is still the member that was authenticated. A token's rights never change, and its append asks whether it
 * is alive; a member's do, and so whoever works with them asks for the row.
 * @param lock it stays so until the transaction ends: for a change. A read is judged by the epoch instead, which it must
 *   have read before this.
 * @throws KeyfoldError `conflict` when the membership was changed or ended meanwhile: the next call meets what is now
 */
export async function memberStands(query: Query, actor: Actor, lock: boolean): Promise<void> {
  if (actor.type !== "user") return;
  const [row] = await query<{ generation: number | null }>(
    "SELECT control_plane.member_stands($1::uuid, $2::uuid, $3::boolean) AS generation",
    [actor.tenantId, actor.id, lock],
  );
  if (row?.generation !== actor.membership) throw new KeyfoldError("conflict");
}
