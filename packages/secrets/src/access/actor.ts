import type { Liveness } from "../audit/append.ts";
import type { ConsumerKind } from "../consumer/kind.ts";
import type { Action } from "./actions.ts";
import type { Scope } from "./scope.ts";

/** Who acts, as the audit log and a row's `created_by` name them. */
export interface ActorRef {
  type: "service_token" | "operator" | "job";
  id: string;
  name: string;
}

interface Authenticated {
  id: string;
  name: string;
  /** How it was authenticated: the token itself, or a browser session that stands for it. */
  via: "token" | "session";
  /** The session's id, where there is one. */
  session: string | null;
  /** When token or session ends, whichever is sooner; judged in the append by the database's clock. */
  deadline: Date | null;
}

export interface ServiceActor extends Authenticated {
  type: "service_token";
  tenantId: string;
  tenantSlug: string;
  /** The tenant's own default grace, in seconds; null: the deployment's. */
  tenantGraceSeconds: number | null;
  /** What it is called as a consumer of secrets: by who made the token, and never by who calls. */
  consumer: { name: string; kind: ConsumerKind };
  scope: Scope;
  /** Ranges of addresses (CIDR) that its calls must come from; null: from anywhere. */
  ipRanges: readonly string[] | null;
  /** The tenant's epoch when this was read: while it stands, this stands. */
  epoch: bigint;
}

/** Runs everything, reveals nothing. */
export interface OperatorActor extends Authenticated {
  type: "operator";
}

/** Who may call from outside. */
export type Caller = ServiceActor | OperatorActor;

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

export function actorRef(actor: Actor): ActorRef {
  return { type: actor.type, id: actor.id, name: actor.name };
}

/** What must still be alive when this actor's event is appended: a job's credential is the process itself. */
export function liveness(actor: Actor): Liveness | null {
  if (actor.type === "job") return null;
  return { id: actor.id, operator: actor.type === "operator", session: actor.session };
}
