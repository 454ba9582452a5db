import type { RequestInfo } from "../flow/call.ts";
import type { Services } from "../flow/services.ts";
import { ours } from "../person/ours.ts";
import { handIn } from "./hand-in.ts";
import { framesOf, lookAtLink } from "./look.ts";
import { openLink } from "./open.ts";

export type { Receipt } from "./hand-in.ts";
export type { LinkLook } from "./look.ts";
export { type Shown, shownByLink } from "./open.ts";

/**
 * What whoever holds a link does with it, for an adapter: each takes the request and what came with it, which is parsed
 * here. None of it is a verb: whoever calls has no rights, and what they may is in the link.
 */
export type Links = ReturnType<typeof linksOf>;

export function linksOf(services: Services) {
  return {
    look: (request: RequestInfo, input: unknown) => ours(() => lookAtLink(services, request, input)),
    handIn: (request: RequestInfo, input: unknown) => ours(() => handIn(services, request, input)),
    open: (request: RequestInfo, input: unknown) => ours(() => openLink(services, request, input)),
    /** For a page that is asked for by its id alone: the sites in whose frames it may stand. */
    frames: (id: string) => ours(() => framesOf(services, id)),
  };
}
