import { ProblemError } from "./failure.ts";

/** Marks a request as the panel's own: a foreign page cannot set it, so a cookie alone does nothing. */
export const PANEL_HEADER = { "x-keyfold": "panel" } as const;

let whenEnded: () => void = () => {};

/** Says what happens when the server no longer knows the session. */
export function onSessionEnded(then: () => void): void {
  whenEnded = then;
}

export function sessionEnded(): void {
  whenEnded();
}

/**
 * Trades a token for a session in an HttpOnly cookie. The token is sent once and kept nowhere here.
 * @throws ProblemError, when the server refuses; TypeError, when it cannot be reached
 */
export async function signIn(token: string): Promise<void> {
  await call("POST", JSON.stringify({ token }));
}

/** Ends the session, here and on the server. */
export async function signOut(): Promise<void> {
  await call("DELETE");
}

async function call(method: "POST" | "DELETE", body?: string): Promise<void> {
  const response = await fetch("/session", {
    method,
    headers: { ...PANEL_HEADER, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body }),
    credentials: "same-origin",
    cache: "no-store",
  });
  if (response.ok) return;
  throw new ProblemError(await response.json().catch(() => null));
}
