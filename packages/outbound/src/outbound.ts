import type { AllowRule } from "./allow.ts";
import { type Failure, failureOf } from "./failure.ts";
import { type Resolvers, systemResolvers } from "./resolve.ts";
import { checkTarget, type Target } from "./target.ts";

export interface OutboundOptions {
  /** What the operator allows besides https to the public internet: `parseAllow`. Nothing by default. */
  allow?: readonly AllowRule[];
  /** For one exchange, from the first look-up to the answer's head, in milliseconds; 10 000 by default. */
  timeoutMs?: number;
  /** For the connection alone; 5 000 by default. */
  connectTimeoutMs?: number;
  resolvers?: Resolvers;
  /** PEM certificates to trust instead of the runtime's own: for tests. */
  ca?: string;
}

export interface Post {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string | Uint8Array;
  /** Most bytes of the answer that are wanted, up to 1 MiB; 0 (none, the answer is not read) by default. */
  answerBytes?: number;
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** What became of a request: a status, or why there is none. */
export type Outcome =
  | {
      readonly status: number;
      readonly answer: Buffer | null;
      /** How long whoever answered asked to be left alone, in seconds; null: they did not say, or nothing that can be read. */
      readonly retryAfter: number | null;
      readonly durationMs: number;
    }
  | { readonly failure: Failure; readonly durationMs: number };

export interface Get {
  url: string;
  headers?: Readonly<Record<string, string>>;
  /** Most bytes of the answer, up to 1 MiB: a longer one is a failure. */
  answerBytes: number;
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** Sends to addresses that strangers configured. */
export interface Outbound {
  /** @throws TargetError, for whoever configures an address that can never be sent to */
  check(url: string): void;
  /** Never rejects. A redirect is an answer like any other, and is not followed. */
  post(post: Post): Promise<Outcome>;
  /** `post` with the other method. */
  put(post: Post): Promise<Outcome>;
  /** Never rejects, and follows no redirect. */
  get(get: Get): Promise<Outcome>;
  close(): Promise<void>;
}

/** What of an unwanted answer is taken in, in bytes, so that its connection can serve again. */
const SMALL_ANSWER = 4_096;
const SMALL_ANSWER_MS = 1_000;

/**
 * An HTTP client for addresses that are not ours to trust: https to the public internet only, judged by text and again
 * at every connection; no redirects, no proxy from the environment, no cookies; bounded in time and size.
 */
export function createOutbound(options: OutboundOptions = {}): Outbound {
  const { allow = [], timeoutMs = 10_000, connectTimeoutMs = 5_000, resolvers = systemResolvers() } = options;
  const open = async () => {
    const [{ Agent, request }, { checkedConnector }] = await Promise.all([
      import("undici"),
      import("./connector.ts"),
    ]);
    const agent = new Agent({
      connect: checkedConnector({ rules: allow, resolvers, connectTimeoutMs, ca: options.ca }),
      allowH2: false,
      pipelining: 1,
      connections: 64,
      // A connection stays with the address that was checked; a name that moved is noticed within this.
      keepAliveTimeout: 5_000,
      keepAliveMaxTimeout: 30_000,
      maxHeaderSize: 16 * 1024,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    return { agent, request };
  };
  // By the first who sends: undici takes three megabytes, and most processes never send anything.
  let opened: ReturnType<typeof open> | null = null;
  const exchange = async (
    method: "GET" | "POST" | "PUT",
    post: Omit<Post, "body"> & { body?: Post["body"] },
  ): Promise<Outcome> => {
    opened ??= open();
    const { agent, request } = await opened;
    const began = performance.now();
    const durationMs = () => Math.round(performance.now() - began);
    const timeout = new AbortController();
    const late = new DOMException("late", "TimeoutError");
    const timer = setTimeout(() => timeout.abort(late), post.timeoutMs ?? timeoutMs);
    const signal = post.signal ? AbortSignal.any([timeout.signal, post.signal]) : timeout.signal;
    try {
      const target: Target = checkTarget(post.url, allow);
      const { statusCode, headers, body } = await request(target.url, {
        method,
        headers: post.headers,
        ...(post.body === undefined ? {} : { body: post.body }),
        dispatcher: agent,
        signal,
      });
      const retryAfter = secondsOf(headers["retry-after"]);
      const wanted = Math.min(post.answerBytes ?? 0, 1024 * 1024);
      if (wanted === 0) {
        // Not waited for: whoever answers slowly holds up nobody.
        body
          .dump({ limit: SMALL_ANSWER, signal: AbortSignal.timeout(SMALL_ANSWER_MS) })
          .catch(() => body.destroy());
        return { status: statusCode, answer: null, retryAfter, durationMs: durationMs() };
      }
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of body as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > wanted) {
          body.destroy();
          return { failure: "broken", durationMs: durationMs() };
        }
        chunks.push(chunk);
      }
      const answer = Buffer.concat(chunks, size);
      return { status: statusCode, answer, retryAfter, durationMs: durationMs() };
    } catch (error) {
      return { failure: timeout.signal.aborted ? "timeout" : failureOf(error), durationMs: durationMs() };
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    check: (url) => void checkTarget(url, allow),
    post: (post) => exchange("POST", post),
    put: (post) => exchange("PUT", post),
    get: ({ headers = {}, ...get }) => exchange("GET", { ...get, headers }),
    close: async () => (await opened)?.agent.destroy(),
  };
}

/** A `Retry-After` as RFC 9110 §10.2.3 has it: seconds, or a date. */
function secondsOf(header: string | string[] | undefined): number | null {
  if (typeof header !== "string" || header.length > 64) return null;
  if (/^\d{1,9}$/.test(header)) return Number(header);
  if (!/^[A-Z][a-z]{2}, /.test(header)) return null;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - Date.now()) / 1000));
}
