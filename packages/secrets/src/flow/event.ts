import { type AuditEvent, encodeEvent, fitText, type Outcome } from "@keyfold/ledger";
import { ACTIONS } from "../access/actions.ts";
import type { Call, RequestInfo } from "./call.ts";

export interface Target {
  type:
    | "tenant"
    | "project"
    | "environment"
    | "secret"
    | "token"
    | "session"
    | "chain"
    | "key"
    | "backup"
    | "webhook"
    | "person"
    | "factor"
    | "link"
    | "member"
    | "invitation"
    | "approval"
    | "role";
  id: string | null;
  name: string | null;
  version?: number | null;
}

/** What a verb says about what it did. References, never values. */
export interface Happening {
  /** Another event than the action's usual one, e.g. a `set` that rotated. */
  action?: string;
  outcome?: Outcome;
  target: Target | null;
  reason?: string | null;
  details?: AuditEvent["details"];
}

/** The event's bytes, as they will be hashed and stored. */
export function eventBytes(call: Call, tenant: string | null, happening: Happening): Buffer {
  const { actor, services } = call;
  return encode(
    services.clock(),
    { type: actor.type, id: actor.id, name: fitText(actor.name), via: actor.via },
    call.request,
    tenant,
    happening.action ?? ACTIONS[call.action].event,
    happening,
  );
}

/** A happening as the canonical bytes that the chain hashes (docs/audit-format.md); for who is no caller of a verb. */
export function encode(
  time: Date,
  actor: AuditEvent["actor"],
  request: Pick<RequestInfo, "ip" | "userAgent" | "correlationId">,
  tenant: string | null,
  action: string,
  happening: Omit<Happening, "action">,
): Buffer {
  return encodeEvent({
    time: time.toISOString(),
    action,
    outcome: happening.outcome ?? "success",
    actor,
    tenant,
    target: happening.target && {
      type: happening.target.type,
      id: happening.target.id,
      name: happening.target.name,
      version: happening.target.version ?? null,
    },
    ip: request.ip,
    userAgent: request.userAgent === null ? null : fitText(request.userAgent, 512),
    correlationId: request.correlationId,
    reason: happening.reason ?? null,
    details: happening.details ?? {},
  });
}
