import { actorRef } from "../access/actor.ts";
import { KeyfoldError } from "../error.ts";
import { change, type PrismaUnit } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { grantsFrom, mayGive } from "./give.ts";
import { isOwner, type StoredGrant } from "./grant.ts";
import type { MemberRow } from "./rows.ts";
import { addMemberInput, memberView } from "./schema.ts";
import { findMember, hadMembers, holdMembers, insertMember, moveMember, viewMember } from "./store.ts";

/** Makes a person a member. @throws KeyfoldError `forbidden` (more than the giver holds), `illegal_state` (they are one) */
export const addMember = defineVerb({
  action: "member.add",
  changes: true,
  summary: "Make a person a member of the tenant",
  input: addMemberInput,
  output: memberView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return change(call, tenantId, async (unit) => {
      await holdMembers(unit);
      const grants = await grantsFrom(unit, input.grants);
      await mayGive(unit, grants);
      return viewMember(await admit(unit, { personId: input.personId, name: input.name }, grants));
    });
  },
});

/**
 * Makes a person a member, told to the audit log: for whoever has seen to it that the giver may (`mayGive`), such as the
 * taking of an invitation. Call under `holdMembers`.
 * @throws KeyfoldError `illegal_state` where they are one already, or the tenant's first member would be no owner
 */
export async function admit(
  unit: PrismaUnit,
  person: { personId: string; name: string },
  grants: StoredGrant[],
): Promise<MemberRow> {
  const old = await findMember(unit, person.personId);
  if (old !== null && old.removedAt === null)
    throw new KeyfoldError("illegal_state", { sentence: "This person is a member already." });
  if (!isOwner(grants) && !(await hadMembers(unit)))
    throw new KeyfoldError("illegal_state", {
      sentence: "A tenant's first member is an owner: of everything, and for good.",
    });
  const created = { createdAt: unit.now, createdBy: { ...actorRef(unit.call.actor) } };
  const row =
    old === null
      ? await insertMember(unit, person, grants)
      : await moveMember(unit, old, { name: person.name, grants, removedAt: null, ...created });
  unit.record({
    action: "member.added",
    target: { type: "member", id: row.personId, name: row.name },
    details: { roles: rolesIn(grants), owner: isOwner(grants) },
  });
  return row;
}

/** The roles of some grants, each once, as an event's details name them. */
export const rolesIn = (grants: readonly StoredGrant[]): string =>
  [...new Set(grants.map(({ role }) => role))].join(",");
