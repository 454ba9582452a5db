import { refusal } from "./answer-error.ts";
import type { ValueCache } from "./cache.ts";
import type { Clock } from "./clock.ts";
import type { Credentials } from "./credentials.ts";
import { KeyfoldClientError } from "./error.ts";
import type { Fetch } from "./fetch.ts";
import { readEvents } from "./sse.ts";

/** What changed: references, never a value. */
export interface Message {
  readonly type: "message";
  readonly id: string;
  readonly kind: string;
  readonly at: string;
  readonly secretId: string | null;
  readonly name: string | null;
  readonly data: Readonly<Record<string, string | number | boolean | null>>;
}

export interface FeedOptions {
  /** Keyfold's address, with a slash at its end. */
  readonly url: URL;
  readonly credentials: Credentials;
  readonly fetch: Fetch;
  readonly timeoutMs: number;
  readonly cache: ValueCache | null;
  readonly clock: Clock;
}

/** Who is told by a feed. */
export interface Listener {
  /** Something changed. */
  onMessage(message: Message): void;
  /** The stream is there, and something may have changed while it was not. */
  onOpen(): void;
  /** The stream could not be had, or broke; it is tried again. */
  onError(error: KeyfoldClientError): void;
}

/** The server says something every ten seconds; after so long without a word the connection is given up. */
const SILENCE_MS = 25_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;
/** What does not pass by itself in seconds: no right to stream, a server that has none, too many streams. */
const HOPELESS = new Set(["forbidden", "not_found", "bad_answer", "bad_input"]);

/**
 * One stream of a tenant's changes for all who listen in this client. Connects when the first one comes, goes on where it
 * was after a break, and ends with the last one. What it hears of leaves the cache at once.
 */
export class Feed {
  readonly #options: FeedOptions;
  readonly #tenant: string | undefined;
  readonly #listeners = new Set<Listener>();
  #lastEventId: string | null = null;
  #abort = new AbortController();
  #running = false;
  #live = false;

  constructor(options: FeedOptions, tenant: string | undefined) {
    this.#options = options;
    this.#tenant = tenant;
  }

  /** Whether the stream is there: then nobody needs to ask. */
  get live(): boolean {
    return this.#live;
  }

  join(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (!this.#running) void this.#run();
    else if (this.#live) listener.onOpen();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#abort.abort();
    };
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    this.#running = true;
    for (let wait = FIRST_WAIT_MS; this.#listeners.size > 0; ) {
      this.#abort = new AbortController();
      try {
        await this.#listen(this.#abort, () => {
          wait = FIRST_WAIT_MS;
        });
      } catch (caught) {
        const error = caught instanceof KeyfoldClientError ? caught : new KeyfoldClientError("network");
        if (HOPELESS.has(error.code)) wait = LONGEST_WAIT_MS;
        if (this.#listeners.size > 0) for (const one of [...this.#listeners]) one.onError(error);
      }
      this.#live = false;
      if (this.#listeners.size === 0) break;
      await clock.wait(wait * (0.5 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    }
    this.#running = false;
  }

  async #listen(abort: AbortController, onOpen: () => void): Promise<void> {
    const body = await this.#connect(abort);
    for await (const { event, id, data } of readEvents(body)) {
      this.#seen = this.#options.clock.now();
      if (event === "ping" || event === "connected") continue;
      if (event === "return") return;
      const item = (parse(data) as { json?: unknown } | null)?.json;
      if (event === "serialized-error") throw errorOf(item);
      if (id) this.#lastEventId = id;
      const said = item as Message | { type: "open"; reset: boolean };
      if (said.type === "open") {
        onOpen();
        // What was missed cannot be told any more: whatever is remembered could be old.
        if (said.reset) this.#options.cache?.clear();
        this.#live = true;
        for (const one of [...this.#listeners]) one.onOpen();
      } else if (said.type === "message") {
        if (said.secretId !== null)
          this.#options.cache?.drop({
            tenant: this.#tenant,
            names: new Set(),
            ids: new Set([said.secretId]),
          });
        for (const one of [...this.#listeners]) one.onMessage(said);
      }
    }
  }

  #seen = 0;

  async #connect(abort: AbortController): Promise<ReadableStream<Uint8Array>> {
    const { url, credentials, fetch, timeoutMs, clock } = this.#options;
    const input = {
      ...(this.#tenant === undefined ? {} : { tenant: this.#tenant }),
      ...(this.#lastEventId === null ? {} : { lastEventId: this.#lastEventId }),
    };
    const address = new URL("trpc/events.stream", url);
    address.searchParams.set("input", JSON.stringify({ json: input }));
    const credential = await credentials.current();
    let answered = false;
    clock.after(timeoutMs, () => answered || abort.abort());
    const response = await fetch(address.href, {
      headers: { accept: "text/event-stream", authorization: credential.header() },
      signal: abort.signal,
      redirect: "manual",
    });
    answered = true;
    if (!response.headers.get("content-type")?.startsWith("text/event-stream") || response.body === null) {
      const text = await response.text();
      throw problemOf(parse(text), response.status);
    }
    this.#seen = clock.now();
    this.#watchSilence(abort);
    return response.body as ReadableStream<Uint8Array>;
  }

  #watchSilence(abort: AbortController): void {
    const { clock } = this.#options;
    clock.after(SILENCE_MS, () => {
      if (abort.signal.aborted || this.#abort !== abort) return;
      if (clock.now() - this.#seen >= SILENCE_MS) abort.abort();
      else this.#watchSilence(abort);
    });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // The parser's message quotes the text.
  }
}

interface Shape {
  data?: { httpStatus?: number; keyfold?: { code: string; message: string } };
}

function errorOf(shape: unknown): KeyfoldClientError {
  const { data } = (shape ?? {}) as Shape;
  return data?.keyfold === undefined
    ? new KeyfoldClientError("bad_answer")
    : refusal(data.keyfold, data.httpStatus, null);
}

/** What answered instead of a stream: Keyfold's refusal, or somebody in between. */
function problemOf(body: unknown, status: number): KeyfoldClientError {
  const shape = (body as { error?: { json?: Shape } } | null)?.error?.json;
  if (shape !== undefined) return errorOf(shape);
  return new KeyfoldClientError(status === 429 || status >= 500 ? "network" : "bad_answer", { status });
}
