import { SecretValue } from "@keyfold/envelope";
import { instanceName, KeyfoldError, type RequestInfo, requestInfo } from "@keyfold/secrets";
import { hotFailureOf } from "../hot/failure.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { HeaderSource } from "./client-address.ts";
import { credentialOf, plainBearerOf, sessionCookie } from "./credential.ts";
import type { AppContext, Facts } from "./facts.ts";
import type { GuessLimit } from "./limits/guess-limit.ts";
import { HttpError, type Refusal } from "./problem.ts";

/** What the calling process calls itself. It tells one process of a consumer from another, and identifies nobody. */
const INSTANCE_HEADER = "keyfold-instance";

const isInstance = (name: string): boolean => instanceName.safeParse(name).success;

/** Turns a request into the facts that a verb is called with, and keeps count of credentials that were wrong. */
export interface Callers {
  /** @throws KeyfoldError `unauthenticated` where there is no credential; HttpError `cross_site`, `too_many_guesses` */
  requestOf(c: AppContext): RequestInfo;
  /**
   * The facts of a warm read, which nothing throws at; null: the way through the app says what is wrong.
   * @param headers each at most once
   */
  hotRequestOf(facts: Facts, headers: HeaderSource): RequestInfo | null;
  /** The same for a credential that did not come by header or cookie. @throws HttpError `too_many_guesses` */
  requestWith(c: AppContext, credential: { token: string } | { session: string }): RequestInfo;
  /**
   * For somebody who is about to prove who they are, or who has nothing to prove.
   * @param guess what is being tried, such as an address: whoever tries too often waits. @throws HttpError `too_many_guesses`
   */
  requestOfNobody(c: AppContext, guess: string | null): RequestInfo;
  /**
   * For nobody, who asks for what leaves something behind whoever asks it: each counts like a guess that was wrong.
   * @throws HttpError `too_many_guesses`
   */
  requestOfAsker(c: AppContext): RequestInfo;
  /** The same with the panel's session, where the request has one. */
  requestWithSession(c: AppContext): RequestInfo;
  /** Told that somebody proved who they are. */
  signedIn(c: AppContext, person: { id: string; operator: boolean }): void;
  /** Told of every refusal that was answered. */
  refused(c: AppContext, refusal: Pick<Refusal, "code">): void;
}

export function createCallers(options: {
  guesses: GuessLimit;
  metrics: Metrics;
  /** Told of each call whose caller nobody knows. */
  noteStranger(ip: string | null): void;
}): Callers {
  const { guesses, metrics, noteStranger } = options;

  function requestWith(c: AppContext, credential: { token: string } | { session: string }): RequestInfo {
    const facts = c.get("facts");
    const { origin } = facts;
    const secret = "token" in credential ? credential.token : credential.session;
    const wait = guesses.waitOf(origin.ip, secret);
    if (wait > 0) throw new HttpError("too_many_guesses", { "retry-after": String(wait) });
    facts.credential = SecretValue.ofText(secret);
    const { headers } = c.req.raw;
    return infoOf(facts, headers, credential, instanceOf(headers), () => guesses.succeeded(secret));
  }

  function infoOf(
    facts: Facts,
    headers: HeaderSource,
    credential: { token: string } | { session: string },
    instance: string | null,
    succeeded: () => void,
  ): RequestInfo {
    return requestInfo({
      ...credential,
      instance,
      ip: facts.origin.ip,
      userAgent: headers.get("user-agent"),
      correlationId: facts.correlationId,
      onActor(actor) {
        facts.actor = {
          type: actor.type,
          id: actor.id,
          tenant: "tenantId" in actor ? actor.tenantId : null,
        };
        succeeded();
      },
    });
  }

  function requestOfNobody(c: AppContext, guess: string | null): RequestInfo {
    const facts = c.get("facts");
    const wait = guess === null ? 0 : guesses.waitOf(facts.origin.ip, guess);
    if (wait > 0) throw new HttpError("too_many_guesses", { "retry-after": String(wait) });
    facts.credential = guess === null ? null : SecretValue.ofText(guess);
    return requestInfo({
      ip: facts.origin.ip,
      userAgent: c.req.raw.headers.get("user-agent"),
      correlationId: facts.correlationId,
    });
  }

  function requestOfAsker(c: AppContext): RequestInfo {
    const asking = "asks, and proves nothing";
    const request = requestOfNobody(c, asking);
    guesses.failed(request.ip, asking);
    return request;
  }

  /** @throws KeyfoldError `bad_input` */
  function instanceOf(headers: HeaderSource): string | null {
    const instance = headers.get(INSTANCE_HEADER);
    if (instance === null || isInstance(instance)) return instance;
    throw new KeyfoldError("bad_input", {
      issues: [{ path: INSTANCE_HEADER, message: "is not 1 to 64 letters, digits or _.:-" }],
    });
  }

  return {
    requestWith,
    requestOfNobody,
    requestOfAsker,
    hotRequestOf(facts, headers) {
      const token = plainBearerOf(headers.get("authorization") ?? "");
      if (token === undefined || guesses.waitOf(facts.origin.ip, token) > 0) return null;
      const instance = headers.get(INSTANCE_HEADER);
      if (instance !== null && !isInstance(instance)) return null;
      return infoOf(facts, headers, { token }, instance, () => guesses.stillGood(facts.actor!.id, token));
    },
    requestWithSession(c) {
      const { origin } = c.get("facts");
      const session = sessionCookie(c.req.raw.headers, origin.https);
      return session === null ? requestOfNobody(c, null) : requestWith(c, { session });
    },
    signedIn(c, person) {
      const facts = c.get("facts");
      facts.actor = { type: person.operator ? "operator" : "user", id: person.id };
      if (facts.credential !== null) guesses.succeeded(facts.credential.unsafelyText());
    },
    requestOf(c) {
      const failure = hotFailureOf(c.env?.incoming);
      if (failure !== undefined) throw failure.error;
      const facts = c.get("facts");
      const credential = credentialOf(c.req.raw.headers, facts.origin.https, facts.ownOrigins());
      // Every verb would say so; said here, nobody's body is read for nobody.
      if (credential === null) throw new KeyfoldError("unauthenticated");
      return requestWith(c, credential);
    },
    refused(c, { code }) {
      const facts = c.get("facts");
      facts.refusal = code;
      // Once for a request, whose calls all came with the same credential.
      if (facts.refusedCredential) return;
      if (code === "too_many_guesses") noteStranger(facts.origin.ip);
      if (code !== "unauthenticated") return;
      facts.refusedCredential = true;
      metrics.refusedAuthentication();
      noteStranger(facts.origin.ip);
      if (facts.credential !== null) guesses.failed(facts.origin.ip, facts.credential.unsafelyText());
    },
  };
}
