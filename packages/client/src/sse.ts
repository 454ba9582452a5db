import { createParser } from "eventsource-parser";

/** One event of a stream (WHATWG HTML §9.2). */
export interface SentEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string;
}

/** Most characters of one event: ours are small, and what sends more is no Keyfold. */
const MOST = 256 * 1024;

/**
 * Reads a body of Server-Sent Events as it comes.
 * @throws RangeError for an event that is too long; what the body throws where the connection breaks
 */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<SentEvent> {
  const ready: SentEvent[] = [];
  let pending = 0;
  const parser = createParser({
    onEvent({ event = "message", id, data }) {
      pending = 0;
      ready.push({ event, id, data });
    },
  });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      pending += value.length;
      parser.feed(decoder.decode(value, { stream: true }));
      if (pending > MOST && ready.length === 0) throw new RangeError("an event is too long");
      yield* ready.splice(0);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
