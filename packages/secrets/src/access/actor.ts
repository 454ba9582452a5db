import type { Liveness } from "../audit/append.ts";
import type { ConsumerKind } from "../consumer/kind.ts";
import type { Algorithm } from "../key/suite/algorithm.ts";
import type { Action } from "./actions.ts";
import type { Grant, Scope } from "./scope.ts";

/** Who acts, as the audit log and a row's `created_by` name them. */
export interface ActorRef {
  type: "service_token" | "user" | "operator" | "job";
  id: string;
  name: string;
}

interface Authenticated {
  id: string;
  name: string;
  /** How it was authenticated: the token itself, a browser session that stands for it, or (while a token is made) another issuer's. */
  via: "token" | "session" | "federation";
  /** The session's id, where there is one. */
  session: string | null;
  /** When token, session or a grant ends, whichever is soonest; judged in the append by the database's clock. */
  deadline: Date | null;
  /** The person who signed in; absent where a token, or its session, acts. */
  person?: PersonFacts;
}

/** What is known of a person who acts. */
export interface PersonFacts {
  id: string;
  email: string;
  /** When this session proved a second factor last; null: never. */
  factorAt: Date | null;
}

interface OfTenant extends Authenticated {
  tenantId: string;
  tenantSlug: string;
  /** The tenant's own default grace, in seconds; null: the deployment's. */
  tenantGraceSeconds: number | null;
  /** What wraps the keys over its secrets' values where they do not say; null: the deployment's default. */
  tenantAlgorithm: Algorithm | null;
  /** What it may do and where. */
  grants: readonly Grant[];
  /** The tenant's epoch when this was read: while it stands, this stands. */
  epoch: bigint;
}

export interface ServiceActor extends OfTenant {
  type: "service_token";
  /** What it is called as a consumer of secrets: by who made the token, and never by who calls. */
  consumer: { name: string; kind: ConsumerKind };
  /** As it is stored; `grants` holds the same. */
  scope: Scope;
  /** Ranges of addresses (CIDR) that its calls must come from; null: from anywhere. */
  ipRanges: readonly string[] | null;
}

/** A person as a member of one tenant: never a consumer, and never by a token. */
export interface UserActor extends OfTenant {
  type: "user";
  via: "session";
  session: string;
  /** When a second factor was last proved in this session; null: never. */
  factorAt: Date | null;
  /** The generation of the membership's row: once it has moved on, these are not the person's grants any more. */
  membership: number;
}

/** Runs everything, reveals nothing. */
export interface OperatorActor extends Authenticated {
  type: "operator";
}

/** Who belongs to one tenant. */
export type TenantActor = ServiceActor | UserActor;

/** Who may call from outside. */
export type Caller = TenantActor | OperatorActor;

/** One of the domain's own background jobs. Nobody can become it: no credential stands for it. */
export interface JobActor {
  type: "job";
  /** The job's name: its id too. */
  id: string;
  name: string;
  via: "job";
  session: null;
  deadline: null;
  /** What its definition says that it does: of what operators may do, who reveal nothing. */
  actions: readonly Action[];
}

export type Actor = Caller | JobActor;

export function isOfTenant(actor: Actor): actor is TenantActor {
  return actor.type === "service_token" || actor.type === "user";
}

export function actorRef(actor: Actor): ActorRef {
  return { type: actor.type, id: actor.id, name: actor.name };
}

/**
 * What must still be alive when this actor's event is appended: a job's credential is the process itself, and a
 * person's membership is held by the transaction.
 */
export function liveness(actor: Actor): Liveness | null {
  if (actor.type === "job") return null;
  // A person is alive while their session is: whatever ends a person ends their sessions.
  const isPerson = actor.type === "user" || actor.person !== undefined;
  return { id: isPerson ? null : actor.id, operator: actor.type === "operator", session: actor.session };
}

/**
 * Whether an append that is judged by this epoch and the actor's deadline has said all that `liveness` would: of a token that
 * was read under the very epoch. Whatever ends a token raises it; a session ends without.
 */
export const standsByEpoch = (actor: Actor, epoch: bigint): actor is ServiceActor =>
  actor.type === "service_token" && actor.session === null && actor.epoch === epoch;
