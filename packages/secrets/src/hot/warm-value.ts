import type { Encoding, KeptValue } from "@keyfold/envelope";
import type { PreparedEvent } from "@keyfold/ledger";
import type { Action } from "../access/actions.ts";
import type { ServiceActor } from "../access/actor.ts";
import { mayReach } from "../access/authorize.ts";
import type { ReadNote } from "../consumer/tracker.ts";
import type { Call, RequestInfo } from "../flow/call.ts";
import { prepareEvent } from "../flow/event.ts";
import { refusedBy } from "../policy/judge.ts";
import type { SecretRow } from "../secret/rows.ts";
import type { RevealedFacts } from "../secret/view.ts";

/** A value as it is kept for the next read: sealed, with the key that opens it. Never plaintext. */
export interface WarmValue {
  tenantId: string;
  secret: Pick<SecretRow, "id" | "name" | "projectId" | "environmentId" | "accessPolicy">;
  encoding: Encoding;
  /** When it refuses by itself; null: not by time. */
  openUntil: Date | null;
  /** What its reader is told with it. */
  facts: RevealedFacts;
  kept: KeptValue;
  /** How many bytes it has, sealed. */
  bytes: number;
  /** The tenant's epoch before the rows were read: while it stands, they stand. */
  epoch: bigint;
  /** Whom it was given last: the same reader is not asked for twice. */
  given: Given | null;
}

/** That somebody may read a value, and what their reads of it are in the log. */
interface Given extends Pick<RequestInfo, "ip" | "userAgent"> {
  /** As it was authenticated: of another epoch it is another. */
  readonly actor: ServiceActor;
  readonly action: Action;
  readonly event: PreparedEvent;
  /** Where their last read was noted. */
  note: ReadNote | null;
}

/** Of a token's read a policy asks nothing that the time could change. */
const ANY_TIME = new Date(0);

/**
 * Whom a value is about to be given: with the event of their read, but for its time and correlation id.
 * @returns null where rights or the secret's own policy refuse it
 */
export function readerOf(value: WarmValue, actor: ServiceActor, call: Call): Given | null {
  const { action, request } = call;
  const { ip, userAgent } = request;
  const { given, secret, facts } = value;
  if (given?.actor === actor && given.action === action && given.ip === ip && given.userAgent === userAgent)
    return given;
  if (!mayReach(actor, action, secret)) return null;
  if (refusedBy(actor, action, secret, ANY_TIME) !== null) return null;
  const event = prepareEvent(call, actor.tenantId, {
    target: { type: "secret", id: secret.id, name: secret.name, version: facts.version },
  });
  value.given = { actor, action, ip, userAgent, event, note: null };
  return value.given;
}
