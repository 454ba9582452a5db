import { z } from "zod";
import { type Action, SERVICE_ACTIONS } from "./actions.ts";

/** How names begin that somebody is let at. */
export const namePrefix = z.string().min(1).max(255);

/** What a service token may do and where. `null` means everywhere; an empty list would mean nowhere and is refused. */
export const scopeSchema = z.strictObject({
  actions: z.array(z.enum(SERVICE_ACTIONS as [Action, ...Action[]])).min(1),
  projects: z.array(z.uuid()).min(1).max(100).nullable(),
  environments: z.array(z.uuid()).min(1).max(100).nullable(),
  /** Only secrets whose names begin so; absent: all. */
  prefix: namePrefix.optional(),
});
export type Scope = z.infer<typeof scopeSchema>;

/** Where somebody is let at: in these projects and environments (null: all), at names that begin so (none: all). */
export interface Reach {
  readonly projects: readonly string[] | null;
  readonly environments: readonly string[] | null;
  readonly prefix?: string | null | undefined;
}

/** What somebody may do, where, and until when: a token's scope is one; a person has as many as they were given. */
export interface Grant extends Reach {
  readonly actions: readonly Action[];
  readonly prefix: string | null;
  readonly expiresAt: Date | null;
}

/** Where something stands: what a reach is held against. */
export interface Place {
  projectId: string;
  environmentId: string;
}

/** A secret as a reach is held against it. */
export interface NamedSecret extends Place {
  name: string;
}

/** One spelling per scope, so that it can be authenticated and compared. */
export function normalizeScope(scope: Scope): Scope {
  const sorted = <T extends string>(list: readonly T[]): T[] => [...new Set(list)].sort();
  return {
    actions: sorted(scope.actions),
    projects: scope.projects && sorted(scope.projects),
    environments: scope.environments && sorted(scope.environments),
    ...(scope.prefix === undefined ? {} : { prefix: scope.prefix }),
  };
}

/** A token's scope as the one grant that it is. */
export function grantOf(scope: Scope): Grant {
  return { ...scope, prefix: scope.prefix ?? null, expiresAt: null };
}

export function coversSecret(reach: Reach, secret: NamedSecret): boolean {
  return touchesPlace(reach, secret) && secret.name.startsWith(reach.prefix ?? "");
}

/** Whether there can be anything here that it covers. */
export function touchesPlace(reach: Reach, place: Place): boolean {
  return (
    touchesProject(reach, place.projectId) &&
    (reach.environments === null || reach.environments.includes(place.environmentId))
  );
}

/** Whether all of an environment is covered, whatever its secrets are called. */
export function coversPlace(reach: Reach, place: Place): boolean {
  return isOfAllNames(reach) && touchesPlace(reach, place);
}

export function touchesProject(reach: Reach, projectId: string): boolean {
  return reach.projects === null || reach.projects.includes(projectId);
}

/** A whole project is covered only where no environment of it is left out. */
export function coversWholeProject(reach: Reach, projectId: string): boolean {
  return isOfAllNames(reach) && reach.environments === null && touchesProject(reach, projectId);
}

export function coversWholeTenant(reach: Reach): boolean {
  return isOfAllNames(reach) && reach.projects === null && reach.environments === null;
}

const isOfAllNames = (reach: Reach): boolean => (reach.prefix ?? "") === "";

/** Whether `inner` lets at nothing that `outer` does not. */
export function isReachWithin(inner: Reach, outer: Reach): boolean {
  const narrower = (a: readonly string[] | null, b: readonly string[] | null): boolean =>
    b === null || a?.every((id) => b.includes(id)) === true;
  return (
    narrower(inner.projects, outer.projects) &&
    narrower(inner.environments, outer.environments) &&
    (inner.prefix ?? "").startsWith(outer.prefix ?? "")
  );
}

/**
 * Whether all that `inner` allows is allowed by `outer`: each action within one grant there, for no longer.
 * @param inner.expiresAt null: never
 */
export function isGrantWithin(
  inner: Reach & { readonly actions: readonly Action[]; readonly expiresAt: Date | null },
  outer: readonly Grant[],
): boolean {
  return inner.actions.every((action) =>
    outer.some(
      (grant) =>
        grant.actions.includes(action) &&
        isReachWithin(inner, grant) &&
        (grant.expiresAt === null || (inner.expiresAt !== null && inner.expiresAt <= grant.expiresAt)),
    ),
  );
}

/** Whether `inner` allows nothing that `outer` does not. */
export function isWithin(inner: Scope, outer: Scope): boolean {
  return isGrantWithin({ ...inner, expiresAt: null }, [grantOf(outer)]);
}
