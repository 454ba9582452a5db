import type { Action } from "../access/actions.ts";
import type { ServiceActor } from "../access/actor.ts";
import type { RequestInfo } from "../flow/call.ts";
import type { Services } from "../flow/services.ts";
import { isFrom } from "../token/ip-ranges.ts";
import type { ReadCache } from "./read-cache.ts";

/** A token that this process remembers, and may do this at all. Whether it still is one, the append says. */
export interface KnownReader {
  actor: ServiceActor;
  /** What the cache knows the token by. */
  token: string;
  cache: ReadCache;
}

/** @returns null where nothing is remembered, or anything would be refused: then the call runs in full */
export function knownReader(
  services: Services,
  action: Action,
  request: RequestInfo,
  input: { tenant?: string | undefined },
): KnownReader | null {
  const { cache } = services.hot;
  const token = cache?.nameOf(request) ?? null;
  if (token === null || cache === null) return null;
  const kept = cache.actor(token, action);
  if (kept === undefined) return null;
  const { actor } = kept;
  if (!isFrom(actor.ipRanges, request.ip)) return null;
  if (input.tenant !== undefined && input.tenant !== actor.tenantId && input.tenant !== actor.tenantSlug)
    return null;
  request.onActor?.(actor);
  if (services.uses !== null) kept.use = services.uses.record(actor, request.ip, kept.use);
  return { actor, token, cache };
}

/** What was remembered of who calls does not hold any more. @returns null */
export function forgetReader({ cache, token }: KnownReader): null {
  cache.dropActor(token);
  return null;
}
