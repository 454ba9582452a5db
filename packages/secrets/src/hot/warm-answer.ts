import type { Action } from "../access/actions.ts";
import type { Call, RequestInfo } from "../flow/call.ts";
import { eventBytes, type Happening } from "../flow/event.ts";
import type { Services } from "../flow/services.ts";
import { forgetReader, type KnownReader, knownReader } from "./known-reader.ts";

/** In what forms an answer may be kept: as objects, and as the texts that adapters make of it once. */
const FORMS = 4;

/**
 * An answer of metadata that this token was given before, once more: with its event, judged by the tenant's epoch like every
 * read. Whatever changes what a list shows raises the epoch.
 * @param happening what its event says besides who and when
 * @returns null where it is not remembered or not true any more: then the call runs in full. The answer is shared: nobody
 *   changes it
 */
export async function warmAnswer<T extends object>(
  services: Services,
  action: Action,
  request: RequestInfo,
  input: { tenant?: string | undefined },
  happening: (answer: T) => Happening,
): Promise<T | null> {
  const known = knownReader(services, action, request, input);
  if (known === null) return null;
  const { actor, cache } = known;
  const name = nameOf(known, action, input);
  const kept = cache.answer(name);
  if (kept === undefined || kept.epoch !== actor.epoch) return null;
  const answer = kept.answer as T;
  const event = eventBytes({ services, actor, action, request }, actor.tenantId, happening(answer));
  const outcome = await services.hot.appender.append(actor.tenantId, event, kept.epoch, actor.deadline);
  if (outcome === "appended") return answer;
  cache.dropAnswer(name);
  return forgetReader(known);
}

/**
 * Remembers an answer for the same token's next call. It was read no earlier than the token was, and so is as true as its
 * epoch says.
 * @returns whether it was kept
 */
export function rememberAnswer(
  { services, actor, action, request }: Call,
  input: { tenant?: string | undefined },
  answer: object,
): boolean {
  const { cache } = services.hot;
  const token = cache?.nameOf(request) ?? null;
  if (cache === null || token === null || actor.type !== "service_token") return false;
  cache.keepActor(token, actor);
  const { tenantId, epoch } = actor;
  const bytes = FORMS * JSON.stringify(answer).length;
  cache.keepAnswer(nameOf({ actor }, action, input), { tenantId, epoch, answer, bytes });
  return true;
}

const nameOf = ({ actor }: Pick<KnownReader, "actor">, action: Action, input: object): string =>
  JSON.stringify([actor.id, action, input]);
