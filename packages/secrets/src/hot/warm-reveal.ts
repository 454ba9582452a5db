import { KeptValue, SecretValue, type ValueKey } from "@keyfold/envelope";
import type { Action } from "../access/actions.ts";
import type { ServiceActor } from "../access/actor.ts";
import { earliest } from "../access/deadline.ts";
import type { Call, RequestInfo } from "../flow/call.ts";
import { momentOf } from "../flow/event.ts";
import type { Services } from "../flow/services.ts";
import { encodingOf } from "../input/value.ts";
import { placeRefOf } from "../place/place.ts";
import type { Loaded, SecretRefInput } from "../secret/load.ts";
import type { RevealedView } from "../secret/schema.ts";
import { revealedFacts, viewRevealed } from "../secret/view.ts";
import { refusedFrom } from "../version/open.ts";
import type { KnownReader } from "./known-reader.ts";
import { readerOf, type WarmValue } from "./warm-value.ts";

export interface RevealInput extends SecretRefInput {
  tenant?: string | undefined;
  version?: number | undefined;
}

/**
 * A read from what this process remembers: look up, check, open, and append its event with those of its neighbours.
 * The append judges it by the tenant's epoch and every deadline, so what was revoked, rotated or deleted meanwhile,
 * in whatever process, is not given out.
 * @returns null, at once, where the value is not remembered; a promise of null where anything is stale or refused: then the
 *   read runs cold, and that answer counts
 */
export function warmReveal(
  services: Services,
  action: Action,
  request: RequestInfo,
  input: RevealInput,
  known: KnownReader,
): Promise<RevealedView | null> | null {
  const { actor, cache } = known;
  const name = nameOf(actor, input);
  const warm = cache.value(actor.tenantId, name);
  return warm === undefined || warm.epoch !== actor.epoch
    ? null
    : readWarm({ services, actor, action, request }, input, known, name, warm);
}

async function readWarm(
  call: Call,
  input: RevealInput,
  { actor, token, cache }: KnownReader,
  name: string,
  warm: WarmValue,
): Promise<RevealedView | null> {
  const { services, request } = call;
  const given = readerOf(warm, actor, call);
  if (given === null) return null;
  const { secret, facts } = warm;
  const value = SecretValue.takeOver(services.envelope.openKept(warm.kept), warm.encoding);
  try {
    const outcome = await services.hot.appender.append(
      actor.tenantId,
      given.event.encode(momentOf(services.clock()), request.correlationId),
      warm.epoch,
      earliest(actor.deadline, warm.openUntil),
    );
    if (outcome !== "appended") {
      value.wipe();
      cache.drop(token, name);
      return null;
    }
    if (services.reads !== null)
      given.note = services.reads.record(actor, secret.id, facts.version, request.instance, given.note);
    if (input.version === undefined) services.comparisons?.saw(actor, secret, facts.version, value);
    return viewRevealed(facts, value);
  } catch (error) {
    value.wipe();
    throw error;
  }
}

/** Remembers what a cold read found, for the next one. */
export function rememberRead(
  { services, request, actor }: Call,
  input: RevealInput,
  loaded: Loaded,
  key: ValueKey,
): void {
  const { secret, version, sealed, epoch } = loaded;
  const { cache } = services.hot;
  const token = cache?.nameOf(request) ?? null;
  if (
    token === null ||
    cache === null ||
    actor.type !== "service_token" ||
    version === null ||
    // Allowed until a moment by an approval: asked anew each time.
    loaded.until !== null ||
    sealed?.sealed == null
  )
    return;
  cache.keepActor(token, actor);
  cache.keepValue(nameOf(actor, input), {
    tenantId: actor.tenantId,
    secret: {
      id: secret.id,
      name: secret.name,
      projectId: secret.projectId,
      environmentId: secret.environmentId,
      accessPolicy: secret.accessPolicy,
    },
    encoding: encodingOf(version.encoding),
    openUntil: refusedFrom(version),
    facts: revealedFacts(secret, version),
    kept: new KeptValue(sealed.sealed, key, {
      deployment: services.deployment,
      tenant: actor.tenantId,
      project: secret.projectId,
      environment: secret.environmentId,
      secret: secret.id,
      version: version.number,
    }),
    bytes: sealed.sealed.length,
    epoch,
    given: null,
  });
}

/**
 * One name for all ways in which this actor's call can mean the same read. An id alone is one, and no text is
 * built for it: whose value it is, the cache checks.
 */
function nameOf(actor: ServiceActor, input: RevealInput): string {
  if (input.id !== undefined) return input.version === undefined ? input.id : `${input.id}/${input.version}`;
  const place = placeRefOf(actor, input);
  return JSON.stringify([
    actor.tenantId,
    place.projectId,
    place.projectName,
    place.environmentId,
    place.environmentName,
    input.name,
  ]);
}
