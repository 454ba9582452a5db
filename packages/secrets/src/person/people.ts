import type { RequestInfo } from "../flow/call.ts";
import type { Services } from "../flow/services.ts";
import { hostToldIfRefused } from "../host/tell.ts";
import { acceptLink, lookAtLink } from "./accept.ts";
import { beginTotp, confirmTotp, removeFactor, renewRecoveryCodes } from "./factor/enrol.ts";
import { addPasskey, askForPasskey, beginPasskey, type Site, signInByPasskey } from "./factor/passkey.ts";
import { forgotPassword } from "./forgot.ts";
import { firstOperatorLink, hasOperator, resetOperator, suspendPerson } from "./host.ts";
import { aboutMe, changePassword } from "./me.ts";
import { toldIfRefused } from "./refused.ts";
import { listSessions, revokeSessions } from "./session.ts";
import { signIn, signOut, stepUp } from "./sign-in.ts";
import { beginSignOn } from "./sign-on/begin.ts";
import { finishSignOn } from "./sign-on/finish.ts";
import { chooseTenant, myTenants } from "./tenants.ts";

/**
 * Everything that people do about themselves, for an adapter: each takes the request and what came with it, which is
 * parsed here. None of it is a verb: whoever calls has no rights yet, or needs none.
 */
export type People = ReturnType<typeof peopleOf>;

export function peopleOf(services: Services) {
  /** What was refused is told under the event that its success has, or under one of its own. */
  const told = <T>(request: RequestInfo, event: string, work: () => Promise<T>): Promise<T> =>
    toldIfRefused(services, request, event, work);
  return {
    signIn: (request: RequestInfo, input: unknown) =>
      told(request, "person.signed_in", () => signIn(services, request, input)),
    /** @param redirectUri where the provider sends the browser back to: a page of our own */
    beginSignOn: (request: RequestInfo, redirectUri: string, input: unknown) =>
      told(request, "person.signed_in", () => beginSignOn(services, redirectUri, input)),
    finishSignOn: (
      request: RequestInfo,
      from: { redirectUri: string; binding: string | null },
      input: unknown,
    ) => told(request, "person.signed_in", () => finishSignOn(services, request, from, input)),
    stepUp: (request: RequestInfo, input: unknown) =>
      told(request, "person.factor_proved", () => stepUp(services, request, input)),
    signOut: (request: RequestInfo) => signOut(services, request),
    sessions: (request: RequestInfo) => listSessions(services, request),
    /** @param id null: all but the one that asks */
    endSessions: (request: RequestInfo, id: string | null) =>
      told(request, "person.sessions_ended", () => revokeSessions(services, request, id)),
    me: (request: RequestInfo) => aboutMe(services, request),
    changePassword: (request: RequestInfo, input: unknown) =>
      told(request, "person.password_changed", () => changePassword(services, request, input)),
    beginTotp: (request: RequestInfo, input: unknown) =>
      told(request, "person.factor_begun", () => beginTotp(services, request, input)),
    confirmTotp: (request: RequestInfo, input: unknown) =>
      told(request, "person.factor_added", () => confirmTotp(services, request, input)),
    beginPasskey: (request: RequestInfo, site: Site, input: unknown) =>
      told(request, "person.factor_begun", () => beginPasskey(services, request, site, input)),
    addPasskey: (request: RequestInfo, site: Site, input: unknown) =>
      told(request, "person.factor_added", () => addPasskey(services, request, site, input)),
    askForPasskey: (site: Site) => askForPasskey(services, site),
    signInByPasskey: (request: RequestInfo, site: Site, input: unknown) =>
      told(request, "person.signed_in", () => signInByPasskey(services, request, site, input)),
    removeFactor: (request: RequestInfo, id: string) =>
      told(request, "person.factor_removed", () => removeFactor(services, request, id)),
    renewRecoveryCodes: (request: RequestInfo) =>
      told(request, "person.recovery_codes_made", () => renewRecoveryCodes(services, request)),
    tenants: (request: RequestInfo) => myTenants(services, request),
    chooseTenant: (request: RequestInfo, input: unknown) =>
      told(request, "person.tenant_chosen", () => chooseTenant(services, request, input)),
    lookAtLink: (request: RequestInfo, input: unknown) =>
      told(request, "person.link_refused", () => lookAtLink(services, request, input)),
    acceptLink: (request: RequestInfo, input: unknown) =>
      told(request, "person.link_refused", () => acceptLink(services, request, input)),
    forgotPassword: (request: RequestInfo, input: unknown) =>
      told(request, "person.reset_asked", () => forgotPassword(services, request, input)),
    /** For the host itself; no route leads here. */
    host: {
      hasOperator: () => hasOperator(services),
      firstOperatorLink: () => firstOperatorLink(services),
      resetOperator: (email: string) => resetOperator(services, email),
      suspend: (id: string) =>
        hostToldIfRefused(services, "person.suspended", () => suspendPerson(services, id)),
    },
  };
}
