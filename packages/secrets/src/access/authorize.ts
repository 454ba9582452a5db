import { KeyfoldError } from "../error.ts";
import { ACTIONS, type Action } from "./actions.ts";
import { type Actor, isOfTenant } from "./actor.ts";
import { PERSON_ACTIONS } from "./roles.ts";
import {
  coversPlace,
  coversSecret,
  coversWholeProject,
  coversWholeTenant,
  type Grant,
  type NamedSecret,
  type Place,
  touchesPlace,
  touchesProject,
} from "./scope.ts";

/** Told to everyone about themselves, and so asked of nobody. */
export const OF_ONESELF: ReadonlySet<Action> = new Set<Action>(["identity.get", "access.explain"]);

/**
 * May this actor do this at all? Asked by every call before anything is looked up, so that the refusal says
 * nothing about what exists.
 * @throws KeyfoldError `forbidden`
 */
export function authorize(actor: Actor, action: Action): void {
  if (!mayAtAll(actor, action)) throw new KeyfoldError("forbidden");
}

/** Whether the actor holds an action anywhere; where exactly is still to be asked. */
export function mayAtAll(actor: Actor, action: Action): boolean {
  const facts = ACTIONS[action];
  if (actor.type === "operator") return facts.operator;
  if (actor.type === "job") return facts.operator && actor.actions.includes(action);
  if (!(actor.type === "user" ? PERSON_ACTIONS.has(action) : facts.service)) return false;
  if (OF_ONESELF.has(action)) return true;
  const wholly = facts.level === "tenant" && action !== "tenant.get";
  return actor.grants.some(
    (grant) => grant.actions.includes(action) && (!wholly || coversWholeTenant(grant)),
  );
}

/**
 * What of an actor's rights is about an action. Nobody but this file, and what narrows a list, looks at grants.
 * @returns null for who is not narrowed to places: operators and jobs
 */
export function grantsFor(actor: Actor, action: Action): readonly Grant[] | null {
  return isOfTenant(actor) ? actor.grants.filter((grant) => grant.actions.includes(action)) : null;
}

const some = (actor: Actor, action: Action, is: (grant: Grant) => boolean): boolean =>
  grantsFor(actor, action)?.some(is) ?? true;

/** May the actor do this to this secret? */
export function mayReach(actor: Actor, action: Action, secret: NamedSecret): boolean {
  return some(actor, action, (grant) => coversSecret(grant, secret));
}

/** @throws KeyfoldError `not_found`: outside one's grants and absent look the same. */
export function authorizeSecret(actor: Actor, action: Action, secret: NamedSecret): void {
  if (!mayReach(actor, action, secret)) throw new KeyfoldError("not_found");
}

/**
 * May the actor do this to anything in this environment? Then which secret it is, is still to be asked.
 * @throws KeyfoldError `not_found`
 */
export function authorizePlace(actor: Actor, action: Action, place: Place): void {
  if (!some(actor, action, (grant) => touchesPlace(grant, place))) throw new KeyfoldError("not_found");
}

/** May the actor do this to the environment as a whole? @throws KeyfoldError `not_found` */
export function authorizeEnvironment(actor: Actor, action: Action, place: Place): void {
  if (!some(actor, action, (grant) => coversPlace(grant, place))) throw new KeyfoldError("not_found");
}

/** May the actor do this to the project as a whole? @throws KeyfoldError `not_found` */
export function authorizeProject(actor: Actor, action: Action, projectId: string): void {
  if (!some(actor, action, (grant) => coversWholeProject(grant, projectId)))
    throw new KeyfoldError("not_found");
}

/** May the actor name this project? @throws KeyfoldError `not_found` */
export function authorizeInProject(actor: Actor, action: Action, projectId: string): void {
  if (!some(actor, action, (grant) => touchesProject(grant, projectId))) throw new KeyfoldError("not_found");
}

/** Whether the actor also holds another action on a secret: equality of values is told only to who may read both. */
export function holds(actor: Actor, action: Action, secret: NamedSecret): boolean {
  return isOfTenant(actor) && mayReach(actor, action, secret);
}
