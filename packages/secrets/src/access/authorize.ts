import { KeyfoldError } from "../error.ts";
import { ACTIONS, type Action } from "./actions.ts";
import type { Actor } from "./actor.ts";
import { coversPlace, coversWholeProject, coversWholeTenant, type Place } from "./scope.ts";

/**
 * May this actor do this at all? Asked by every call before anything is looked up, so that the refusal says
 * nothing about what exists.
 * @throws KeyfoldError `forbidden`
 */
export function authorize(actor: Actor, action: Action): void {
  const facts = ACTIONS[action];
  const allowed =
    actor.type === "operator"
      ? facts.operator
      : actor.type === "job"
        ? facts.operator && actor.actions.includes(action)
        : facts.service && (action === "identity.get" || actor.scope.actions.includes(action));
  if (!allowed) throw new KeyfoldError("forbidden");
  if (
    actor.type === "service_token" &&
    facts.level === "tenant" &&
    action !== "tenant.get" &&
    !coversWholeTenant(actor.scope)
  ) {
    throw new KeyfoldError("forbidden");
  }
}

/** Does the actor's scope reach this place? */
export function mayReach(actor: Actor, place: Place): boolean {
  return actor.type !== "service_token" || coversPlace(actor.scope, place);
}

/** @throws KeyfoldError `not_found`: outside one's scope and absent look the same. */
export function authorizePlace(actor: Actor, place: Place): void {
  if (!mayReach(actor, place)) throw new KeyfoldError("not_found");
}

/** @throws KeyfoldError `not_found` */
export function authorizeProject(actor: Actor, projectId: string): void {
  if (actor.type === "service_token" && !coversWholeProject(actor.scope, projectId))
    throw new KeyfoldError("not_found");
}

/** Whether the actor also holds another action at a place: equality of values is told only to who may read both. */
export function holds(actor: Actor, action: Action, place: Place): boolean {
  return (
    actor.type === "service_token" && actor.scope.actions.includes(action) && coversPlace(actor.scope, place)
  );
}
