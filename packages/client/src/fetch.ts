import { refusal } from "./answer-error.ts";
import type { Clock } from "./clock.ts";
import { KeyfoldClientError } from "./error.ts";

export type Fetch = typeof globalThis.fetch;

/** What tRPC's link gets of a response: its JSON, read already; and what our errors want to know of it. */
export interface Answer {
  readonly ok: boolean;
  readonly status: number;
  readonly retryAfterMs: number | null;
  json(): Promise<unknown>;
}

interface RequestInit {
  method?: string;
  headers?: unknown;
  body?: unknown;
  signal?: AbortSignal | null | undefined;
}

/**
 * Wraps fetch for tRPC's link, so that every way in which a request fails has a name, and the time-out covers the
 * body too.
 * @param timeoutMs for one attempt, from its start to the body's end
 */
export function namedFetch(
  fetch: Fetch,
  timeoutMs: number,
  clock: Clock,
): (url: unknown, init?: unknown) => Promise<Answer> {
  return async (url, given) => {
    const init = (given ?? {}) as RequestInit;
    const timeout = AbortSignal.timeout(timeoutMs);
    const { signal, release } = either(init.signal, timeout);
    let response: Response;
    let body: string;
    try {
      // A redirect would carry a value, or the token, to wherever it points.
      response = await fetch(url as string, { ...init, signal, redirect: "manual" } as never);
      body = await response.text();
    } catch (error) {
      if (init.signal?.aborted) throw new KeyfoldClientError("aborted");
      if (timeout.aborted) {
        throw new KeyfoldClientError("timeout", {
          message: `Keyfold did not answer within ${timeoutMs} ms.`,
        });
      }
      throw new KeyfoldClientError("network", {
        message: `Keyfold cannot be reached${systemCode(error)}.`,
      });
    } finally {
      release();
    }
    const { status } = response;
    const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"), clock);
    const parsed = parseJson(body);
    if (parsed === undefined) throw noKeyfold(response, retryAfterMs);
    if (isProblem(parsed)) {
      const { code, detail: message, correlation_id: correlationId } = parsed;
      throw refusal({ code, message, correlationId }, status, retryAfterMs);
    }
    return { ok: response.ok, status, retryAfterMs, json: async () => parsed };
  };
}

/** A signal that follows both. AbortSignal.any() does that too, and not every edge runtime has it. */
function either(
  caller: AbortSignal | null | undefined,
  timeout: AbortSignal,
): { signal: AbortSignal; release(): void } {
  if (!caller) return { signal: timeout, release() {} };
  const both = new AbortController();
  const end = () => both.abort();
  for (const one of [caller, timeout]) {
    if (one.aborted) end();
    else one.addEventListener("abort", end, { once: true });
  }
  return {
    signal: both.signal,
    release() {
      for (const one of [caller, timeout]) one.removeEventListener("abort", end);
    },
  };
}

/** An answer that is no JSON: a proxy that found nobody behind it, or another server altogether. */
function noKeyfold(response: Response, retryAfterMs: number | null): KeyfoldClientError {
  const { status } = response;
  if (status === 429 || status === 502 || status === 503 || status === 504) {
    const message = `Something between here and Keyfold answered ${status}.`;
    return new KeyfoldClientError("network", { status, retryAfterMs, message });
  }
  if (response.type === "opaqueredirect" || (status >= 300 && status < 400)) {
    const message = "The address redirects. Give the address that it redirects to.";
    return new KeyfoldClientError("bad_answer", { status, message });
  }
  return new KeyfoldClientError("bad_answer", { status });
}

/** Problem details (RFC 9457): what Keyfold answers where a request did not get as far as tRPC. */
interface Problem {
  type: string;
  code: string;
  detail: string;
  correlation_id?: string;
}

function isProblem(parsed: unknown): parsed is Problem {
  const { type, code, detail } = (parsed ?? {}) as Partial<Record<keyof Problem, unknown>>;
  return (
    typeof type === "string" &&
    type.startsWith("urn:keyfold:problem:") &&
    typeof code === "string" &&
    typeof detail === "string"
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The parser's message quotes the text.
  }
}

/** ` (ECONNREFUSED)`, where the runtime says so; its own message is not passed on. */
function systemCode(error: unknown): string {
  const code = (error as { cause?: { code?: unknown } } | undefined)?.cause?.code;
  return typeof code === "string" && /^[A-Z][A-Z0-9_]{2,40}$/.test(code) ? ` (${code})` : "";
}

/** Seconds, or a date (RFC 9110 §10.2.3), as milliseconds from now. */
function parseRetryAfter(header: string | null, clock: Clock): number | null {
  if (header === null) return null;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - clock.now());
}
