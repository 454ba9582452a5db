import { setTimeout as delay } from "node:timers/promises";
import { SourceError } from "../entry.ts";

export interface Asking {
  /** What the sentences call the other side, such as "Infisical". */
  who: string;
  url: string;
  /** For one attempt, in milliseconds; 15 000 by default. */
  timeoutMs?: number;
  /** How many times more a question is asked that failed in passing; 4 by default. */
  retries?: number;
  /** Waits between two attempts; tests need none. */
  wait?: (ms: number) => Promise<unknown>;
}

export interface Question {
  method?: string;
  headers?: Record<string, string>;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

/** An answer's status and JSON. */
export interface Answered {
  status: number;
  json: unknown;
}

/** The largest answer that is read, in bytes. */
const MOST_BYTES = 64 * 1024 * 1024;
/** What a 429 may ask to wait at most, in milliseconds. */
const LONGEST_WAIT = 60_000;

/**
 * Asks an old secrets manager over HTTP. What fails in passing (no answer, 429, 5xx) is asked again, as late as the answer
 * says. Other refusals come back with their status.
 * @throws SourceError for what cannot be reached or is no JSON; never with a word of the answer in it
 */
export async function ask(asking: Asking, path: string, question: Question = {}): Promise<Answered> {
  const { who, url, retries = 4, wait = delay } = asking;
  for (let attempt = 0; ; attempt++) {
    const outcome = await once(asking, `${url.replace(/\/+$/, "")}${path}`, question);
    if (typeof outcome !== "string" && outcome.again === null) return outcome.answered;
    if (attempt === retries)
      throw new SourceError(
        typeof outcome === "string"
          ? `${who} at ${url} ${outcome}.`
          : `${who} at ${url} answered ${outcome.answered.status} again and again.`,
      );
    const asked = typeof outcome === "string" ? null : outcome.again;
    await wait(Math.min(LONGEST_WAIT, asked ?? 500 * 2 ** attempt * (0.5 + Math.random())));
    question.signal?.throwIfAborted();
  }
}

async function once(
  { who, timeoutMs = 15_000 }: Asking,
  url: string,
  { method = "GET", headers = {}, body, signal }: Question,
): Promise<string | { answered: Answered; again: number | null }> {
  const timeout = AbortSignal.timeout(timeoutMs);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method,
      redirect: "manual", // a token is sent to nobody else
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    text = await textOf(response, who);
  } catch (error) {
    if (error instanceof SourceError) throw error;
    signal?.throwIfAborted();
    return timeout.aborted ? "does not answer in time" : "cannot be reached";
  }
  const { status } = response;
  if (status === 429 || status >= 500)
    return { answered: { status, json: null }, again: retryAfter(response) };
  if (status >= 300 && status < 400)
    throw new SourceError(
      `${who} at ${new URL(url).origin} answers that it is elsewhere. Give its address as it is now.`,
    );
  try {
    return { answered: { status, json: text === "" ? null : JSON.parse(text) }, again: null };
  } catch {
    throw new SourceError(`What answers at ${new URL(url).origin} is no ${who}: it does not speak JSON.`);
  }
}

/** What was read so far counts, whatever a header said of it. */
async function textOf(response: Response, who: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new SourceError(`${who} answers more than can be read at once.`);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/** Milliseconds; -1 is none: then the wait grows by itself. */
function retryAfter(response: Response): number {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : 500;
}
