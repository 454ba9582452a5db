import {
  type AuditEvent,
  type EventFrame,
  encodeEvent,
  fitText,
  type Outcome,
  PreparedEvent,
} from "@keyfold/ledger";
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
  const frame = frameOfCall(call, tenant, happening);
  return bytesOf(frame, call.services.clock(), call.request);
}

/** `eventBytes` for calls that differ in nothing but when they came and their correlation id. */
export function prepareEvent(call: Call, tenant: string | null, happening: Happening): PreparedEvent {
  return new PreparedEvent(frameOfCall(call, tenant, happening));
}

let moment = { at: Number.NaN, text: "" };

/** A time as events write it. Of one millisecond there are many, and making its text takes as long as all else of a prepared event. */
export function momentOf(time: Date): string {
  const at = time.getTime();
  if (at !== moment.at) moment = { at, text: time.toISOString() };
  return moment.text;
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
  return bytesOf(frameOf(actor, request, tenant, action, happening), time, request);
}

function bytesOf(
  frame: EventFrame,
  time: Date,
  { correlationId }: Pick<RequestInfo, "correlationId">,
): Buffer {
  return encodeEvent({ ...frame, time: momentOf(time), correlationId });
}

function frameOfCall(
  { actor, action, request }: Call,
  tenant: string | null,
  happening: Happening,
): EventFrame {
  const who = { type: actor.type, id: actor.id, name: fitText(actor.name), via: actor.via };
  return frameOf(who, request, tenant, happening.action ?? ACTIONS[action].event, happening);
}

function frameOf(
  actor: AuditEvent["actor"],
  request: Pick<RequestInfo, "ip" | "userAgent">,
  tenant: string | null,
  action: string,
  happening: Omit<Happening, "action">,
): EventFrame {
  return {
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
    reason: happening.reason ?? null,
    details: happening.details ?? {},
  };
}
