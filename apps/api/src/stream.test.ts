import { afterAll, beforeAll, expect, test } from "vitest";
import { type Served, serveHouse } from "./testing/index.ts";

let served: Served;
let tenant: Awaited<ReturnType<Served["house"]["tenant"]>>;
beforeAll(async () => {
  served = await serveHouse({ house: { streams: { restMs: 10 } } });
  tenant = await served.house.tenant("acme");
});
afterAll(() => served.close());

interface Event {
  event: string;
  id: string | null;
  data: { json: Record<string, unknown> };
}

/** What a stream answers, event by event, as any client of Server-Sent Events would read it. */
async function connect(input: object, headers: Record<string, string> = {}, token = tenant.token) {
  const abort = new AbortController();
  const url = `${served.url}/trpc/events.stream?input=${encodeURIComponent(JSON.stringify({ json: input }))}`;
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${token}`, accept: "text/event-stream", ...headers },
    signal: abort.signal,
  });
  const events = read(response);
  return {
    response,
    end: () => abort.abort(),
    async next(): Promise<Event> {
      for (;;) {
        const { value } = await events.next();
        if (value === undefined) throw new Error("the stream ended");
        if (!["ping", "connected"].includes(value.event)) return value;
      }
    },
  };
}

async function* read(response: Response): AsyncGenerator<Event> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const field = (name: string) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      yield {
        event: field("event") ?? "message",
        id: field("id") ?? null,
        data: JSON.parse(field("data") || "{}"),
      };
    }
  }
}

test("a stream comes as Server-Sent Events, and goes on where it was", async () => {
  const first = await connect({});
  expect(first.response.status).toBe(200);
  expect(first.response.headers.get("content-type")).toContain("text/event-stream");
  expect((await first.next()).data.json).toEqual({ type: "open", reset: false });
  await tenant.caller.secrets.set({ name: "A", value: "sk_test_not_a_real_key" });
  const event = await first.next();
  expect(event.data.json).toMatchObject({ type: "message", kind: "secret.created", name: "A", id: event.id });
  first.end();
  await tenant.caller.secrets.set({ name: "B", value: "sk_test_not_a_real_key" });
  // As tRPC's link says it, and as a browser's own EventSource does.
  for (const second of [
    await connect({ lastEventId: event.id }),
    await connect({}, { "last-event-id": event.id! }),
  ]) {
    expect((await second.next()).data.json).toEqual({ type: "open", reset: false });
    expect((await second.next()).data.json).toMatchObject({ name: "B" });
    second.end();
  }
});

test("a stream ends with its token, and says why in our words", async () => {
  const { token, details } = await tenant.caller.tokens.create({ name: "t", preset: "reader" });
  const stream = await connect({}, {}, token!);
  await stream.next();
  await tenant.caller.tokens.revoke({ id: details.id });
  const ended = await stream.next();
  expect(ended.event).toBe("serialized-error");
  expect(ended.data.json).toMatchObject({
    message: "Give a valid token.",
    data: { keyfold: { code: "unauthenticated", correlationId: expect.any(String) } },
  });
});

test("without a token, or with a broken place to go on from, nothing is streamed", async () => {
  for (const [stream, code] of [
    [await connect({}, {}, "kf_wrong"), "unauthenticated"],
    [await connect({ lastEventId: "1" }), "bad_input"],
  ] as const) {
    const answer = await stream.next();
    expect(answer.data.json).toMatchObject({ data: { keyfold: { code } } });
    stream.end();
  }
});
