import { KeyfoldError } from "@keyfold/secrets";
import type { HeaderSource } from "./client-address.ts";
import { HttpError } from "./problem.ts";

/** The header that only the panel's own code can send to its own origin: another site's form or image cannot. */
export const PANEL_HEADER = "x-keyfold";
const PANEL_VALUE = "panel";

/** A browser only sends a `__Host-` cookie back to the very host that set it, over https. */
export const cookieName = (https: boolean): string => (https ? "__Host-keyfold" : "keyfold");

export type Credential = { token: string } | { session: string } | null;

/**
 * The credential of a request: a bearer token, else the panel's session cookie.
 * @param ownOrigins scheme and host of this server, as browsers may name it
 * @throws HttpError `cross_site`, for a cookie that did not come with the panel's own request; KeyfoldError
 * `unauthenticated`, for two cookies
 */
export function credentialOf(headers: Headers, https: boolean, ownOrigins: readonly string[]): Credential {
  const authorization = headers.get("authorization");
  // Something else than a token is a wrong token, not an absent one: the cookie does not stand in for it.
  if (authorization !== null) return { token: bearerOf(authorization) ?? "" };
  const session = sessionCookie(headers, https);
  if (session === null) return null;
  requirePanel(headers, ownOrigins);
  return { session };
}

const MOST_TOKEN_CHARS = 600;
const TOKEN = new RegExp(`^Bearer +([\\x21-\\x7e]{1,${MOST_TOKEN_CHARS}})$`, "i");

/** The token of an Authorization header; undefined where it holds something else. */
export const bearerOf = (authorization: string): string | undefined => TOKEN.exec(authorization)?.[1];

const BEARER = "Bearer ";

/**
 * The token of an Authorization header that is written as nearly all are, but not looked at: for who asks whether it is one of
 * those that are known. Undefined where the header is written otherwise; that, and a token that is not known, is for `bearerOf`.
 */
export const plainBearerOf = (authorization: string): string | undefined =>
  authorization.startsWith(BEARER) && authorization.length <= BEARER.length + MOST_TOKEN_CHARS
    ? authorization.slice(BEARER.length)
    : undefined;

/** @throws HttpError `cross_site` */
export function requirePanel(headers: Headers, ownOrigins: readonly string[]): void {
  const site = headers.get("sec-fetch-site");
  const origin = headers.get("origin");
  if (
    headers.get(PANEL_HEADER) !== PANEL_VALUE ||
    (site !== null && site !== "same-origin" && site !== "none") ||
    (origin !== null && !ownOrigins.includes(origin))
  )
    throw new HttpError("cross_site");
}

/**
 * What the panel's cookie holds, if the request has it.
 * @throws KeyfoldError `unauthenticated` where there are two. Over plain http a page on another port of this host can
 * plant one of the name, and give it a longer path so that it stands first: then someone would work, and write secrets,
 * in another's session.
 */
export function sessionCookie(headers: Pick<HeaderSource, "get">, https: boolean): string | null {
  const found = cookiesOf(headers, cookieName(https));
  if (found.length > 1) throw new KeyfoldError("unauthenticated", { sentence: TWO_COOKIES });
  return found[0] || null;
}

/** What the cookies of one name hold: of several, none is more ours than the others. */
export function cookiesOf(headers: Pick<HeaderSource, "get">, name: string): string[] {
  return (headers.get("cookie") ?? "")
    .split(";")
    .map((part) => part.split("=", 2))
    .filter(([key]) => key?.trim() === name)
    .map(([, value]) => value?.trim() ?? "");
}

const TWO_COOKIES =
  "Two session cookies came at once, and so neither is believed. Delete this address's cookies and sign in again.";
