import type { RequestInfo } from "../flow/call.ts";
import type { Services } from "../flow/services.ts";
import { acceptLink, lookAtLink } from "./accept.ts";
import { firstOperatorLink, hasOperator, resetOperator, suspendPerson } from "./host.ts";
import { listSessions, revokeSessions } from "./session.ts";
import { signIn, signOut, stepUp } from "./sign-in.ts";

/**
 * Everything that people do about themselves, for an adapter: each takes the request and what came with it, which is
 * parsed here. None of it is a verb: whoever calls has no rights yet, or needs none.
 */
export type People = ReturnType<typeof peopleOf>;

export function peopleOf(services: Services) {
  return {
    signIn: (request: RequestInfo, input: unknown) => signIn(services, request, input),
    stepUp: (request: RequestInfo, input: unknown) => stepUp(services, request, input),
    signOut: (request: RequestInfo) => signOut(services, request),
    sessions: (request: RequestInfo) => listSessions(services, request),
    /** @param id null: all but the one that asks */
    endSessions: (request: RequestInfo, id: string | null) => revokeSessions(services, request, id),
    lookAtLink: (input: unknown) => lookAtLink(services, input),
    acceptLink: (request: RequestInfo, input: unknown) => acceptLink(services, request, input),
    /** For the host itself; no route leads here. */
    host: {
      hasOperator: () => hasOperator(services),
      firstOperatorLink: () => firstOperatorLink(services),
      resetOperator: (email: string) => resetOperator(services, email),
      suspend: (id: string) => suspendPerson(services, id),
    },
  };
}
