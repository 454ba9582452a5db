import { ProblemError } from "./failure.ts";
import { PANEL_HEADER, sessionEnded } from "./session.ts";

/** A factor of the signed-in person's. */
export interface Factor {
  id: string;
  kind: "totp" | "passkey";
  name: string;
  createdAt: string;
  usedAt: string | null;
}

/** Who is signed in, and how they prove it. */
export interface Me {
  id: string;
  email: string;
  name: string;
  operator: boolean;
  hasPassword: boolean;
  factorRequired: boolean;
  factorAt: string | null;
  factors: readonly Factor[];
  recoveryCodesLeft: number;
}

export interface SessionFacts {
  id: string;
  current: boolean;
  ip: string | null;
  userAgent: string | null;
  startedAt: string;
  expiresAt: string;
}

export interface LinkFacts {
  kind: "operator" | "member" | "reset";
  email: string | null;
  tenant: { slug: string; name: string } | null;
  expiresAt: string;
  /** Whether there is somebody of this address already. */
  known: boolean;
}

/**
 * A call about oneself: JSON in and out, past every cache, in the session's cookie.
 * @throws ProblemError, when the server refuses; TypeError, when it cannot be reached
 */
export async function callPeople<T>(
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: unknown,
): Promise<T> {
  const response = await fetch(path, {
    method,
    headers: { ...PANEL_HEADER, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    credentials: "same-origin",
    cache: "no-store",
  });
  if (response.status === 204) return undefined as T;
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer as T;
  if (response.status === 401 && path.startsWith("/people/me")) sessionEnded();
  throw new ProblemError(answer);
}

/** Whether a person is signed in, though not yet at work anywhere. */
export const isSignedIn = (): Promise<boolean> =>
  callPeople("GET", "/people/me").then(
    () => true,
    () => false,
  );

export const signInWithPassword = (given: {
  email: string;
  password: string;
  code?: string;
}): Promise<void> => callPeople("POST", "/session", given);

export const proveFactor = (code: string): Promise<void> => callPeople("POST", "/session/factor", { code });

/** Asks the browser for a passkey and signs in by it, or proves a factor anew. @throws DOMException where nobody gave one */
export async function provePasskey(): Promise<void> {
  const { startAuthentication } = await import("@simplewebauthn/browser");
  const optionsJSON = await callPeople<Parameters<typeof startAuthentication>[0]["optionsJSON"]>(
    "POST",
    "/session/passkey",
    {},
  );
  const response = await startAuthentication({ optionsJSON });
  await callPeople("POST", "/session/passkey/confirm", { response });
}
