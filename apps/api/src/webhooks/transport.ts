import { type Outbound, refusalBy } from "@keyfold/outbound";
import type { WebhookTransport } from "@keyfold/secrets";

/** Webhooks over HTTP, to where anything may be sent at all. */
export function httpTransport(outbound: Pick<Outbound, "check" | "post">): WebhookTransport {
  return {
    refusal: (url) => refusalBy(outbound, url),
    async post(request) {
      const outcome = await outbound.post(request);
      const { durationMs } = outcome;
      return "failure" in outcome
        ? { failure: outcome.failure, durationMs }
        : { status: outcome.status, retryAfter: outcome.retryAfter, durationMs };
    },
  };
}
