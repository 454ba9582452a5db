import type { WebhookTransport } from "../webhook/transport.ts";

/** What was posted, and what is to be answered to it. */
export interface Posted {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** A status, with a wait that was asked for or without; or a failure in a word. */
type Answer = number | string | { status: number; retryAfter: number };

/** A transport that sends nothing, keeps what it was given, and answers as it is told to. */
export class FakeTransport implements WebhookTransport {
  readonly posted: Posted[] = [];
  #answer: (posted: Posted) => Answer | Promise<Answer> = () => 204;
  #waiting: { count: number; done: () => void }[] = [];

  answer(how: (posted: Posted) => Answer | Promise<Answer>): void {
    this.#answer = how;
  }

  /** Resolves when so much has been posted in all. */
  count(count: number): Promise<void> {
    return this.posted.length >= count
      ? Promise.resolve()
      : new Promise((done) => void this.#waiting.push({ count, done }));
  }

  refusal(url: string): string | null {
    return url.startsWith("https://") && URL.canParse(url) ? null : "Only https is allowed here.";
  }

  async post(request: Posted & { signal: AbortSignal }) {
    const { url, headers, body, signal } = request;
    const posted = { url, headers, body };
    this.posted.push(posted);
    for (const { count, done } of this.#waiting) if (this.posted.length >= count) done();
    const aborted = new Promise<string>((resolve) => {
      if (signal.aborted) resolve("broken");
      signal.addEventListener("abort", () => resolve("broken"), { once: true });
    });
    const answer = await Promise.race([this.#answer(posted), aborted]);
    if (typeof answer === "object") return { ...answer, durationMs: 1 };
    return typeof answer === "number"
      ? { status: answer, durationMs: 1 }
      : { failure: answer, durationMs: 1 };
  }
}
