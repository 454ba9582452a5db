import { z } from "zod";
import { type Action, SERVICE_ACTIONS } from "./actions.ts";

/** What a service token may do and where. `null` means everywhere; an empty list would mean nowhere and is refused. */
export const scopeSchema = z.strictObject({
  actions: z.array(z.enum(SERVICE_ACTIONS as [Action, ...Action[]])).min(1),
  projects: z.array(z.uuid()).min(1).max(100).nullable(),
  environments: z.array(z.uuid()).min(1).max(100).nullable(),
});
export type Scope = z.infer<typeof scopeSchema>;

/** Where something stands: what a scope is held against. */
export interface Place {
  projectId: string;
  environmentId: string;
}

/** One spelling per scope, so that it can be authenticated and compared. */
export function normalizeScope(scope: Scope): Scope {
  const sorted = <T extends string>(list: readonly T[]): T[] => [...new Set(list)].sort();
  return {
    actions: sorted(scope.actions),
    projects: scope.projects && sorted(scope.projects),
    environments: scope.environments && sorted(scope.environments),
  };
}

export function coversPlace(scope: Scope, place: Place): boolean {
  return (
    coversProject(scope, place.projectId) &&
    (scope.environments === null || scope.environments.includes(place.environmentId))
  );
}

export function coversProject(scope: Scope, projectId: string): boolean {
  return scope.projects === null || scope.projects.includes(projectId);
}

/** A whole project is covered only where no environment of it is left out. */
export function coversWholeProject(scope: Scope, projectId: string): boolean {
  return scope.environments === null && coversProject(scope, projectId);
}

export function coversWholeTenant(scope: Scope): boolean {
  return scope.projects === null && scope.environments === null;
}

/** Whether `inner` allows nothing that `outer` does not. */
export function isWithin(inner: Scope, outer: Scope): boolean {
  const narrower = (a: readonly string[] | null, b: readonly string[] | null): boolean =>
    b === null || a?.every((id) => b.includes(id)) === true;
  return (
    inner.actions.every((action) => outer.actions.includes(action)) &&
    narrower(inner.projects, outer.projects) &&
    narrower(inner.environments, outer.environments)
  );
}
