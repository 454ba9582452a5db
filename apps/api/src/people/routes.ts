import type { KeyfoldServer, RequestInfo } from "@keyfold/secrets";
import type { Callers } from "../http/callers.ts";
import type { AppContext } from "../http/facts.ts";
import { cookieHeader, signOnBinding, signOnCookie } from "./cookie.ts";

type People = KeyfoldServer["people"];

/** What a route is given: who asks, a body that was read, and what it needs of the outside. */
export interface PeopleCall {
  c: AppContext;
  people: People;
  callers: Callers;
  request: RequestInfo;
  body: unknown;
}

export interface PeopleRoute {
  method: "GET" | "POST" | "DELETE";
  path: string;
  /**
   * Who asks: a person, whose session the domain asks for; anyone, with their session where they have one; nobody, whatever
   * the browser sends; or an asker, who is nobody and whose asking leaves something behind.
   */
  who: "person" | "anyone" | "nobody" | "asker";
  run(call: PeopleCall): Promise<Response>;
}

/** Every address by which people look after themselves. None is for programs: all ask for the panel's own request. */
export const PEOPLE_ROUTES: readonly PeopleRoute[] = [
  {
    method: "POST",
    path: "/session/factor",
    who: "person",
    run: async ({ c, people, callers, request, body }) =>
      signedIn(c, callers, await people.stepUp(request, body)),
  },
  {
    method: "POST",
    path: "/session/tenant",
    who: "person",
    run: async ({ c, people, callers, request, body }) =>
      signedIn(c, callers, await people.chooseTenant(request, body)),
  },
  {
    method: "GET",
    path: "/people/me/tenants",
    who: "person",
    run: async ({ people, request }) => Response.json({ tenants: await people.tenants(request) }),
  },
  {
    method: "GET",
    path: "/people/me/sessions",
    who: "person",
    run: async ({ people, request }) => Response.json({ sessions: await people.sessions(request) }),
  },
  {
    method: "DELETE",
    path: "/people/me/sessions",
    who: "person",
    run: async ({ people, request }) => Response.json(await people.endSessions(request, null)),
  },
  {
    method: "DELETE",
    path: "/people/me/sessions/:id",
    who: "person",
    run: async ({ c, people, request }) =>
      Response.json(await people.endSessions(request, c.req.param("id") ?? "")),
  },
  {
    method: "GET",
    path: "/people/me",
    who: "person",
    run: async ({ people, request }) => Response.json(await people.me(request)),
  },
  {
    method: "POST",
    path: "/people/me/password",
    who: "person",
    run: async ({ c, people, callers, request, body }) =>
      signedIn(c, callers, await people.changePassword(request, body)),
  },
  {
    method: "POST",
    path: "/people/me/totp",
    who: "person",
    run: async ({ people, request, body }) => Response.json(await people.beginTotp(request, body)),
  },
  {
    method: "POST",
    path: "/people/me/totp/confirm",
    who: "person",
    run: async ({ c, people, callers, request, body }) =>
      enrolled(c, callers, await people.confirmTotp(request, body)),
  },
  {
    method: "POST",
    path: "/people/me/recovery-codes",
    who: "person",
    run: async ({ c, people, callers, request }) =>
      enrolled(c, callers, await people.renewRecoveryCodes(request)),
  },
  {
    method: "DELETE",
    path: "/people/me/factors/:id",
    who: "person",
    run: async ({ c, people, callers, request }) =>
      enrolled(c, callers, await people.removeFactor(request, c.req.param("id") ?? "")),
  },
  {
    method: "POST",
    path: "/people/me/passkeys",
    who: "person",
    run: async ({ c, people, request, body }) =>
      Response.json(await people.beginPasskey(request, siteOf(c), body)),
  },
  {
    method: "POST",
    path: "/people/me/passkeys/confirm",
    who: "person",
    run: async ({ c, people, callers, request, body }) =>
      enrolled(c, callers, await people.addPasskey(request, siteOf(c), body)),
  },
  {
    method: "POST",
    path: "/session/passkey",
    who: "nobody",
    run: async ({ c, people }) => Response.json(await people.askForPasskey(siteOf(c))),
  },
  {
    method: "POST",
    path: "/session/passkey/confirm",
    who: "anyone",
    run: async ({ c, people, callers, request, body }) =>
      signedIn(c, callers, await people.signInByPasskey(request, siteOf(c), body)),
  },
  {
    method: "POST",
    path: "/session/sign-on",
    who: "nobody",
    run: async ({ c, people, request, body }) => {
      const { url, binding } = await people.beginSignOn(request, backTo(c), body);
      const headers = { "set-cookie": signOnCookie(c, binding) };
      return Response.json({ url }, { headers });
    },
  },
  {
    method: "POST",
    path: "/session/sign-on/confirm",
    who: "nobody",
    run: async ({ c, people, callers, request, body }) => {
      const from = { redirectUri: backTo(c), binding: signOnBinding(c) };
      const started = await people.finishSignOn(request, from, body);
      const answer = signedIn(c, callers, started);
      answer.headers.append("set-cookie", signOnCookie(c, null));
      return answer;
    },
  },
  {
    method: "POST",
    path: "/people/forgot",
    who: "asker",
    run: async ({ people, request, body }) => {
      await people.forgotPassword(request, body);
      return new Response(null, { status: 204 });
    },
  },
  {
    method: "POST",
    path: "/people/links/look",
    who: "nobody",
    run: async ({ people, request, body }) => Response.json(await people.lookAtLink(request, body)),
  },
  {
    method: "POST",
    path: "/people/links/accept",
    who: "anyone",
    run: async ({ c, people, callers, request, body }) => {
      const started = await people.acceptLink(request, body);
      return started === null
        ? Response.json({ signedIn: false })
        : signedIn(c, callers, started, { signedIn: true });
    },
  },
];

/** Signs in by address and password, where the body has them. */
export async function signIn({ c, people, callers, body }: Omit<PeopleCall, "request">): Promise<Response> {
  const { email } = body as { email?: unknown };
  const guess = typeof email === "string" ? `sign-in ${email.slice(0, 320)}` : null;
  return signedIn(c, callers, await people.signIn(callers.requestOfNobody(c, guess), body));
}

type Started = Awaited<ReturnType<People["signIn"]>>;

/** The site that passkeys are for: the name by which this browser reached it, which `requirePanel` has seen to be ours. */
function siteOf(c: AppContext): { rpId: string; origins: readonly string[] } {
  const ownOrigins = c.get("facts").ownOrigins();
  const origin = c.req.header("origin") ?? ownOrigins[0];
  return { rpId: origin === undefined ? "" : new URL(origin).hostname, origins: ownOrigins };
}

/** The page of ours to which a provider of single sign-on sends the browser back. */
function backTo(c: AppContext): string {
  const ownOrigins = c.get("facts").ownOrigins();
  return `${c.req.header("origin") ?? ownOrigins[0] ?? ""}/sign-in/elsewhere`;
}

/** A new session, and codes that are shown this once. */
function enrolled(
  c: AppContext,
  callers: Callers,
  { started, recoveryCodes }: Awaited<ReturnType<People["confirmTotp"]>>,
): Response {
  return signedIn(c, callers, started, { recoveryCodes });
}

function signedIn(
  c: AppContext,
  callers: Callers,
  started: Started,
  answer?: Record<string, unknown>,
): Response {
  callers.signedIn(c, started.person);
  const headers = { "set-cookie": cookieHeader(c, started.secret, started.expiresAt) };
  return answer === undefined
    ? new Response(null, { status: 204, headers })
    : Response.json(answer, { headers });
}
