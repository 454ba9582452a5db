import { cookieName } from "../http/credential.ts";
import type { AppContext } from "../http/facts.ts";

/** The header that gives the browser its session, or (an empty secret) takes it away. No script can read it. */
export function cookieHeader(c: AppContext, secret: string, expires: Date): string {
  const { https } = c.get("facts").origin;
  return [
    `${cookieName(https)}=${secret}`,
    "Path=/",
    `Expires=${expires.toUTCString()}`,
    "HttpOnly",
    "SameSite=Strict",
    ...(https ? ["Secure"] : []),
  ].join("; ");
}

const SIGN_ON_SECONDS = 600;
const signOnName = (https: boolean): string => `${cookieName(https)}-sign-on`;

/** Binds what a provider of single sign-on answers to the browser that asked; null takes it away again. */
export function signOnCookie(c: AppContext, binding: string | null): string {
  const { https } = c.get("facts").origin;
  return [
    `${signOnName(https)}=${binding ?? ""}`,
    "Path=/",
    `Max-Age=${binding === null ? 0 : SIGN_ON_SECONDS}`,
    "HttpOnly",
    "SameSite=Strict",
    ...(https ? ["Secure"] : []),
  ].join("; ");
}

/** What that cookie holds; null where there is none, or more than one, of which somebody else could have set one. */
export function signOnBinding(c: AppContext): string | null {
  const name = signOnName(c.get("facts").origin.https);
  const found = (c.req.header("cookie") ?? "")
    .split(";")
    .map((part) => part.split("=", 2))
    .filter(([key]) => key?.trim() === name)
    .map(([, value]) => value?.trim() ?? "");
  return found.length === 1 ? found[0]! : null;
}
