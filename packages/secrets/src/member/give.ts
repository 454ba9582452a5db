import { ACTIONS, type Action, SERVICE_ACTIONS } from "../access/actions.ts";
import { isOfTenant } from "../access/actor.ts";
import { ROLE_NAMES, type RoleName } from "../access/roles.ts";
import { coversWholeTenant, type Grant, isGrantWithin } from "../access/scope.ts";
import { KeyfoldError } from "../error.ts";
import type { PrismaUnit, Unit } from "../flow/change.ts";
import { placesOf } from "../place/places.ts";
import { findRole, ownRoles } from "../role/store.ts";
import { ownRolesIn, rightsOf, type StoredGrant } from "./grant.ts";
import type { GrantInput } from "./schema.ts";
import { hadMembers, hadTokens } from "./store.ts";

/**
 * What a call would give somebody, as it is stored: places and roles by their ids.
 * @throws KeyfoldError `not_found`, `bad_input` (it ends before it begins)
 */
export async function grantsFrom(unit: PrismaUnit, given: readonly GrantInput[]): Promise<StoredGrant[]> {
  const grants: StoredGrant[] = [];
  for (const [index, { role, prefix, expiresAt, ...places }] of given.entries()) {
    if (expiresAt !== null && new Date(expiresAt) <= unit.now)
      throw new KeyfoldError("bad_input", {
        issues: [{ path: `grants.${index}.expiresAt`, message: "has passed already" }],
      });
    const ours = ROLE_NAMES.includes(role as RoleName);
    grants.push({
      role: ours ? (role as RoleName) : (await findRole(unit, role)).id,
      ...(await placesOf(unit, places)),
      prefix,
      expiresAt,
    });
  }
  return grants;
}

/**
 * Nobody gives more than they hold, nor changes or removes whoever holds more. An operator gives nothing but a tenant's
 * first membership, and a tenant's token that may do everything makes its first owner.
 * @throws KeyfoldError `forbidden`
 */
export async function mayGive(unit: Unit, grants: readonly StoredGrant[]): Promise<void> {
  const { actor } = unit.call;
  if (!isOfTenant(actor)) return refuseUnlessFirst(unit);
  const rights = await rightsIn(unit, grants);
  const holdsAll =
    actor.type === "service_token" &&
    actor.grants.some((grant) => coversWholeTenant(grant) && grant.actions.length === SERVICE_ACTIONS.length);
  // What takes people, a token cannot hold: one that may do everything gives it all the same, but for the breaking of glass.
  const counts = (action: Action) =>
    !holdsAll || ACTIONS[action].service || action === "approval.break_glass";
  const within = rights.every((right) =>
    isGrantWithin({ ...right, actions: right.actions.filter(counts) }, actor.grants),
  );
  if (within) return;
  if (!holdsAll || (await hadMembers(unit)))
    throw new KeyfoldError("forbidden", { sentence: "That is more than you hold yourself." });
}

/** What grants come to, with the tenant's own roles as they are now. */
export async function rightsIn(unit: Unit, grants: readonly StoredGrant[]): Promise<Grant[]> {
  const roles = await ownRoles(unit, ownRolesIn(grants));
  return grants.map((grant) => rightsOf(grant, roles));
}

/**
 * An operator lets the first person or the first token into a tenant, before there is anything to read, and never a
 * second: whoever could would let themselves in.
 * @throws KeyfoldError `forbidden`
 */
export async function refuseUnlessFirst(unit: Pick<Unit, "query" | "tenantId">): Promise<void> {
  // Two operators at once let one in.
  await unit.query("SELECT FROM control_plane.tenants WHERE id = $1::uuid FOR UPDATE", [unit.tenantId]);
  if ((await hadTokens(unit)) || (await hadMembers(unit)))
    throw new KeyfoldError("forbidden", {
      sentence:
        "This tenant was given its first token or member. They let in the next ones; a lost token is recovered on the host.",
    });
}
