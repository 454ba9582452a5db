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
