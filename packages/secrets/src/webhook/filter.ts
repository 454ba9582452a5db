import { z } from "zod";
import { coversSecret, coversWholeTenant, namePrefix, type Reach } from "../access/scope.ts";
import { type MessageKind, messageKind } from "../message/kinds.ts";
import type { MessageRow } from "../message/row.ts";

/** The places that somebody may see, or wants to hear of; null: all. */
export interface Places {
  projects: string[] | null;
  environments: string[] | null;
  /** Only what is about names that begin so; absent: all. */
  prefix?: string | undefined;
}

const places = {
  projects: z.array(z.uuid()).min(1).max(100).nullable(),
  environments: z.array(z.uuid()).min(1).max(100).nullable(),
};
/** As it is stored. */
export const storedScope = z.strictObject({ ...places, prefix: namePrefix.optional() });
export const storedFilter = z.strictObject({
  kinds: z.array(messageKind).min(1).nullable(),
  ...places,
  prefix: z.string().nullable(),
  consumer: z.string().nullable().default(null),
});
export type Filter = z.infer<typeof storedFilter>;

/**
 * Whether somebody's reach includes what a message is about. What is about no secret is for who may see everything, and
 * what tells two names of a secret is for who may see both.
 */
export function reaches(reach: Reach, message: MessageRow): boolean {
  const { m_project_id: projectId, m_environment_id: environmentId } = message;
  return projectId === null || environmentId === null
    ? coversWholeTenant(reach)
    : namesOf(message).every((name) => coversSecret(reach, { projectId, environmentId, name }));
}

/** Whether a consumer reads a secret, or was declared to. */
export type Reads = (consumer: string, secretId: string) => boolean;

/**
 * Whether a message goes to an endpoint: one it may see and wants, of a change that came after it was made.
 * @param reads asked where an endpoint is a consumer's
 */
export function isFor(
  endpoint: { id: string; scope: Places; filter: Filter; createdAt: Date },
  message: MessageRow,
  reads: Reads,
): boolean {
  if (message.m_kind === "webhook.test") return message.m_data.endpoint_id === endpoint.id;
  const { filter } = endpoint;
  return (
    message.m_created_at >= endpoint.createdAt &&
    reaches(endpoint.scope, message) &&
    // Its prefix is a wish of its own: under either name.
    reaches({ ...filter, prefix: null }, message) &&
    (filter.kinds === null || filter.kinds.includes(message.m_kind as MessageKind)) &&
    (filter.consumer === null ||
      (message.m_secret_id !== null && reads(filter.consumer, message.m_secret_id))) &&
    (filter.prefix === null || namesOf(message).some((name) => name.startsWith(filter.prefix!)))
  );
}

/** A renamed secret is heard of under either name. */
function namesOf({ m_name, m_data }: MessageRow): string[] {
  return [m_name, m_data.renamed_from].filter((name) => typeof name === "string");
}
