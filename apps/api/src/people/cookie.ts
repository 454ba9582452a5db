import { cookieName, cookiesOf } from "../http/credential.ts";
import type { AppContext } from "../http/facts.ts";

/** The header that gives the browser its session, or (an empty secret) takes it away. No script can read it. */
export function cookieHeader(c: AppContext, secret: string, expires: Date): string {
  return ownCookie(c, cookieName, secret, `Expires=${expires.toUTCString()}`);
}

/** A cookie of this host alone, that no script reads and no other site's request brings. */
function ownCookie(c: AppContext, nameOf: typeof cookieName, value: string, until: string): string {
  const { https } = c.get("facts").origin;
  const secure = https ? ["Secure"] : [];
  return [`${nameOf(https)}=${value}`, "Path=/", until, "HttpOnly", "SameSite=Strict", ...secure].join("; ");
}

const SIGN_ON_SECONDS = 600;
const signOnName = (https: boolean): string => `${cookieName(https)}-sign-on`;

/** Binds what a provider of single sign-on answers to the browser that asked; null takes it away again. */
export function signOnCookie(c: AppContext, binding: string | null): string {
  return ownCookie(c, signOnName, binding ?? "", `Max-Age=${binding === null ? 0 : SIGN_ON_SECONDS}`);
}

/** What that cookie holds; null where there is none, or more than one, of which somebody else could have set one. */
export function signOnBinding(c: AppContext): string | null {
  const found = cookiesOf(c.req.raw.headers, signOnName(c.get("facts").origin.https));
  return found.length === 1 ? found[0]! : null;
}
