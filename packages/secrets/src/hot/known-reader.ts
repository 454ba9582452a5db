import type { Action } from "../access/actions.ts";
import type { ServiceActor } from "../access/actor.ts";
import { mayAtAll } from "../access/authorize.ts";
import type { RequestInfo } from "../flow/call.ts";
import type { Services } from "../flow/services.ts";
import { isFrom } from "../token/ip-ranges.ts";
import { couldBeToken, credentialDigest } from "../token/secret.ts";
import type { ReadCache } from "./read-cache.ts";

/** A token that this process remembers, and may do this at all. Whether it still is one, the append says. */
export interface KnownReader {
  actor: ServiceActor;
  digest: string;
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
  const digest = digestOf(services, request);
  if (digest === null || cache === null) return null;
  const actor = cache.actor(digest);
  if (actor === undefined || !isFrom(actor.ipRanges, request.ip) || !mayAtAll(actor, action)) return null;
  if (input.tenant !== undefined && input.tenant !== actor.tenantId && input.tenant !== actor.tenantSlug)
    return null;
  request.onActor?.(actor);
  services.uses?.record(actor, request.ip);
  return { actor, digest, cache };
}

/** What was remembered of who calls does not hold any more. @returns null */
export function forgetReader({ cache, digest }: KnownReader): null {
  cache.dropActor(digest);
  return null;
}

/** What a token is remembered by: its digest, as the database knows it. null: no token was shown. */
export function digestOf(services: Services, { credential }: RequestInfo): string | null {
  if (credential?.kind !== "token" || !couldBeToken(credential.secret)) return null;
  return credentialDigest(services.tokenKey, "token", credential.secret).toString("base64");
}
