import { z } from "zod";
import type { Action } from "../access/actions.ts";
import { ROLE_NAMES, ROLES, type RoleName } from "../access/roles.ts";
import { type Grant, namePrefix } from "../access/scope.ts";
import { KeyfoldError } from "../error.ts";
import { moment } from "../input/text.ts";

const places = z.array(z.uuid()).min(1).max(100).nullable();

/** One thing that a member was given, as it is stored: a role of ours by name or one of the tenant's by id, where, and until when. */
export const storedGrant = z.strictObject({
  role: z.union([z.enum(ROLE_NAMES), z.uuid()]),
  projects: places,
  environments: places,
  prefix: namePrefix.nullable(),
  expiresAt: moment.nullable(),
});
export type StoredGrant = z.infer<typeof storedGrant>;
export const storedGrants = z.array(storedGrant).max(50);

/** The actions of a tenant's own roles, by id. */
export type OwnRoles = ReadonlyMap<string, readonly Action[]>;

const isOurs = (role: string): role is RoleName => role in ROLES;

/**
 * What a stored grant comes to.
 * @throws KeyfoldError `integrity_failed` where it names a role that there is not
 */
export function rightsOf(grant: StoredGrant, roles: OwnRoles): Grant {
  const { role, projects, environments, prefix } = grant;
  const actions = isOurs(role) ? ROLES[role].actions : roles.get(role);
  if (actions === undefined)
    throw new KeyfoldError("integrity_failed", { cause: new Error("a member has a role that is not there") });
  const expiresAt = grant.expiresAt === null ? null : new Date(grant.expiresAt);
  return { actions, projects, environments, prefix, expiresAt };
}

/** The ids of the tenant's own roles among what was given. */
export const ownRolesIn = (grants: readonly StoredGrant[]): string[] => [
  ...new Set(grants.map(({ role }) => role).filter((role) => !isOurs(role))),
];

/** An owner for good and of everything: of such a tenant keeps one. */
export const isOwner = (grants: readonly StoredGrant[]): boolean =>
  grants.some(
    ({ role, projects, environments, prefix, expiresAt }) =>
      role === "owner" && projects === null && environments === null && prefix === null && expiresAt === null,
  );
