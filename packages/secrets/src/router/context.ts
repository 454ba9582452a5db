import { randomUUID } from "node:crypto";
import type { Action } from "../access/actions.ts";
import { Credential, type RequestInfo } from "../flow/call.ts";

/** What a host's tRPC context must hold for Keyfold's procedures: who calls, under one key of its own. */
export interface KeyfoldContext {
  keyfold: RequestInfo;
}

export interface KeyfoldMeta {
  /** The action that a procedure is: what is authorized, and named in the audit log. */
  action: Action;
}

/** Builds a request's facts from what a host knows. In process a token is all it takes. */
export function requestInfo(facts: {
  token?: string | null;
  session?: string | null;
  /** What the calling process calls itself: 1 to 64 letters, digits or _.:- */
  instance?: string | null;
  ip?: string | null;
  userAgent?: string | null;
  correlationId?: string;
  onActor?: RequestInfo["onActor"];
}): RequestInfo {
  return {
    credential: facts.token
      ? new Credential("token", facts.token)
      : facts.session
        ? new Credential("session", facts.session)
        : null,
    instance: facts.instance ?? null,
    ip: facts.ip ?? null,
    userAgent: facts.userAgent ?? null,
    correlationId: facts.correlationId ?? randomUUID(),
    onActor: facts.onActor,
  };
}
