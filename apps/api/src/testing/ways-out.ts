import type { Letter } from "@keyfold/secrets";
import { expect, vi } from "vitest";
import type { Served } from "./serve-house.ts";

/** What leaves by itself while others write: webhooks, a stream, and mail; everything as it went over the wire. */
export interface WaysOut {
  /** What left so far, once it holds what is named so last. */
  untilNamed(name: string): Promise<{ webhooks: string; stream: string; letters: string }>;
  stop(): Promise<void>;
}

/** Listens at every way out of a tenant. @param letters where the house's mail goes */
export async function listenAtWaysOut(
  { house, url, call }: Served,
  token: string,
  letters: readonly Letter[],
): Promise<WaysOut> {
  const made = await call("/api/webhooks", { token, body: { url: "https://receiver.example.com/hook" } });
  expect(made.status).toBe(201);
  const dispatcher = house.server.dispatchWebhooks({ pollMs: 10 })!;
  const abort = new AbortController();
  const input = encodeURIComponent(JSON.stringify({ json: {} }));
  const response = await fetch(`${url}/trpc/events.stream?input=${input}`, {
    headers: { authorization: `Bearer ${token}`, accept: "text/event-stream" },
    signal: abort.signal,
  });
  expect(response.status).toBe(200);
  let stream = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body!) stream += decoder.decode(chunk as Uint8Array, { stream: true });
  })().catch(() => {});
  await vi.waitFor(() => expect(stream).toContain('"open"'), { timeout: 30_000 });
  return {
    async untilNamed(name) {
      const webhooks = () => house.transport.posted.map((posted) => JSON.stringify(posted)).join("\n");
      await vi.waitFor(
        () => {
          expect(webhooks()).toContain(name);
          expect(stream).toContain(name);
        },
        { timeout: 60_000, interval: 50 },
      );
      await house.server.jobs.find((job) => job.name === "mail.send")!.run(new AbortController().signal);
      return { webhooks: webhooks(), stream, letters: JSON.stringify(letters) };
    },
    async stop() {
      abort.abort();
      await reading;
      await dispatcher.stop();
    },
  };
}
