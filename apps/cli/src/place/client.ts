import { createKeyfold, isKeyfoldError, type Keyfold } from "@keyfold/client";
import { CommandError, EXIT } from "../terminal.ts";
import { httpFetch } from "./http-fetch.ts";
import type { Place } from "./place.ts";

/** A client for a place. Values are not kept: a command reads each once. */
export function clientOf(
  { url, token }: Pick<Place, "url" | "token">,
  patience: { timeoutMs?: number; retries?: number } = {},
): Keyfold {
  try {
    return createKeyfold({ url, token, cache: false, fetch: httpFetch, ...patience });
  } catch {
    throw new CommandError(EXIT.usage, "The token is none: it has characters that no token has.");
  }
}

/** Runs calls, and ends the command with a sentence where one fails. */
export async function calling<T>(place: Pick<Place, "url">, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asCommandError(error, place.url);
  }
}

/** What a failed call means to the person at the terminal: the server's own sentence, and the next step. */
export function asCommandError(error: unknown, url: string): unknown {
  if (!isKeyfoldError(error)) return error;
  switch (error.code) {
    case "network":
    case "timeout":
      return new CommandError(EXIT.unreachable, `The server at ${url} does not answer.`);
    case "bad_answer":
      return new CommandError(EXIT.unreachable, `What answers at ${url} is no Keyfold server.`);
    case "unauthenticated":
      return new CommandError(EXIT.failed, `${error.message} Sign in again: keyfold login`);
  }
  const issues = error.issues.map(({ path, message }) => `\n  ${path} ${message}`).join("");
  const where = (error.status ?? 0) >= 500 && error.correlationId !== null ? ` (${error.correlationId})` : "";
  const exit = error.status === 503 || error.status === 504 ? EXIT.unreachable : EXIT.failed;
  return new CommandError(exit, `${error.message}${where}${issues}`);
}
