import type { Action } from "../access/actions.ts";
import { type Actor, isOfTenant } from "../access/actor.ts";
import { grantsFor, holds, mayReach } from "../access/authorize.ts";
import { coversSecret, type Grant, type NamedSecret } from "../access/scope.ts";
import { KeyfoldError } from "../error.ts";
import type { AccessPolicy, Protection } from "./policy.ts";

/** How long a proved factor is good for what a policy asks it for, in seconds. */
const FACTOR_SECONDS = 300;

const REVEALS: ReadonlySet<Action> = new Set<Action>(["secret.reveal", "version.reveal"]);

/** What a policy is asked about when something changes: all that touches values, names, or how they come to be. */
const CHANGES: ReadonlySet<Action> = new Set<Action>([
  "secret.create",
  "secret.set",
  "secret.update",
  "secret.rotate",
  "secret.roll_back",
  "secret.delete",
  "secret.purge",
  "secret.restore",
  "secret.set_access_policy",
  "version.destroy",
  "version.extend_grace",
  "version.end_grace",
  "version.prepare",
  "version.mark_set",
  "version.finish",
  "version.abandon",
  "rotation.set_policy",
  "rotation.remove_policy",
  "rotation.run_now",
  "rotation.retry",
  "rotation.abandon",
]);

/** What no policy stands in the way of: seeing metadata, and refusing reads, which must not wait. */
export const UNJUDGED: ReadonlySet<Action> = new Set<Action>([
  "version.revoke",
  "consumer.declare",
  "consumer.remove",
  "consumer.ack",
]);

export type Kind = "reveal" | "change";

/** What an action is to a policy; null: nothing. */
export function kindOf(action: Action): Kind | null {
  return REVEALS.has(action) ? "reveal" : CHANGES.has(action) ? "change" : null;
}

/** A secret, or one that would be, with what is asked of who touches it. */
export interface Guarded extends NamedSecret {
  accessPolicy: AccessPolicy | null;
}

/** Why a policy refuses: also what `access.explain` says. */
export interface Refusal {
  code: "forbidden" | "factor_required" | "approval_required";
  sentence: string;
}

/** When a second factor was last proved by whoever acts; null: never, and so for every machine. */
export const factorOf = (actor: Actor): Date | null =>
  actor.type === "user"
    ? actor.factorAt
    : actor.type === "operator"
      ? (actor.person?.factorAt ?? null)
      : null;

/**
 * What a secret's own policy says of an actor, approvals aside. The deployment's own jobs go on with what people have set.
 * @param now the database's clock
 * @returns null where it refuses nothing
 */
export function refusedBy(actor: Actor, action: Action, secret: Guarded, now: Date): Refusal | null {
  const kind = kindOf(action);
  const policy = secret.accessPolicy;
  if (policy === null || kind === null || actor.type === "job") return null;
  // Whoever may set the policy is never locked out of setting it right.
  const ofPolicy = action === "secret.set_access_policy";
  if (policy.writeOnly && kind === "reveal" && actor.type !== "service_token")
    return no("The values of this secret are write-only: no person reveals them.");
  if (!ofPolicy && policy.services !== null && actor.type === "service_token") {
    if (!policy.services.includes(actor.consumer.name))
      return no("The access policy of this secret does not name this service.");
  }
  if (!ofPolicy && isOfTenant(actor) && !isConfined(grantsFor(actor, action)!, secret))
    return no("The access policy of this secret asks for a right that is confined to its environments.");
  if (!policy.mfa) return null;
  const factorAt = factorOf(actor);
  if (actor.type === "service_token" || actor.via === "token")
    return no("The access policy of this secret asks for a second factor, which no machine proves.");
  return factorAt !== null && now.getTime() - factorAt.getTime() <= FACTOR_SECONDS * 1000
    ? null
    : {
        code: "factor_required",
        sentence: "Prove a second factor: this secret asks for one of the last five minutes.",
      };
}

/** Whether one of some rights reaches a secret and no other environments than its policy says, where it says any. */
export function isConfined(grants: readonly Grant[], secret: Guarded): boolean {
  const within = secret.accessPolicy?.environments ?? null;
  return (
    within === null ||
    grants.some(
      (grant) =>
        coversSecret(grant, secret) && grant.environments?.every((id) => within.includes(id)) === true,
    )
  );
}

const no = (sentence: string): Refusal => ({ code: "forbidden", sentence });

/** Until when a proved factor is good for this; null: none is asked for. */
export function factorUntil(actor: Actor, action: Action, { accessPolicy }: Guarded): Date | null {
  const factorAt = factorOf(actor);
  if (accessPolicy?.mfa !== true || kindOf(action) === null || factorAt === null) return null;
  return new Date(factorAt.getTime() + FACTOR_SECONDS * 1000);
}

/** Whether an action takes two people here: what people change, and what they reveal where all is protected. */
export function takesTwo(
  actor: Actor,
  action: Action,
  policy: AccessPolicy | null,
  environment: Protection | null,
): Kind | null {
  const kind = kindOf(action);
  if (kind === null || actor.type === "job") return null;
  const all = policy?.approvals === "all" || environment === "all";
  const any = all || policy?.approvals === "changes" || environment === "changes";
  if (kind === "change") return any ? kind : null;
  return all && actor.type === "user" ? kind : null;
}

/** A refusal as its actor hears it: who may not even see the secret's metadata learns nothing of it. */
export function spoken(actor: Actor, secret: NamedSecret, refusal: Refusal): KeyfoldError {
  return mayReach(actor, "secret.get", secret)
    ? new KeyfoldError(refusal.code, { sentence: refusal.sentence })
    : new KeyfoldError("not_found");
}

/** Whether the actor would be given this secret's value now: what whoever is told of equality, or lets a rotator at it, holds. */
export function mayOpen(
  actor: Actor,
  secret: Guarded & { protection: Protection | null },
  now: Date,
): boolean {
  return (
    holds(actor, "secret.reveal", secret) &&
    refusedBy(actor, "secret.reveal", secret, now) === null &&
    takesTwo(actor, "secret.reveal", secret.accessPolicy, secret.protection) === null
  );
}
