import type { Unit } from "../flow/change.ts";
import type { SecretRow } from "../secret/rows.ts";
import type { MessageKind } from "./kinds.ts";

/** What a message says beside what it is about: references and numbers, in REST's spelling. Never a value. */
export type MessageData = Readonly<Record<string, string | number | boolean | null>>;

/** A message that is about to be written, in the words of append_change(). */
export interface NewMessage {
  kind: MessageKind;
  /** The secret's id, its place and its name; null where it is about no secret. */
  secret: string | null;
  project: string | null;
  environment: string | null;
  name: string | null;
  data: MessageData;
}

/**
 * Tells the tenant's consumers of a change: webhooks and the stream. The message commits with the change, in the same
 * statement as its audit events, and is there exactly when the change is.
 * @returns its id
 */
export function tell(
  unit: Unit,
  kind: MessageKind,
  about: Pick<SecretRow, "id" | "projectId" | "environmentId" | "name"> | null,
  data: MessageData = {},
): string {
  return unit.tell({
    kind,
    secret: about?.id ?? null,
    project: about?.projectId ?? null,
    environment: about?.environmentId ?? null,
    name: about?.name ?? null,
    data,
  });
}
