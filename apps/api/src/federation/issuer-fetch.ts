import { type Outbound, refusalBy } from "@keyfold/outbound";
import type { IssuerFetch } from "@keyfold/secrets";

const TIMEOUT_MS = 5_000;

/** Issuers' documents over HTTP, from where anything may be fetched at all. */
export function httpIssuerFetch(outbound: Pick<Outbound, "check" | "get">): IssuerFetch {
  return {
    refusal: (url) => refusalBy(outbound, url),
    async get(url, maxBytes) {
      const outcome = await outbound.get({
        url,
        headers: { accept: "application/json" },
        answerBytes: maxBytes,
        timeoutMs: TIMEOUT_MS,
      });
      return "failure" in outcome
        ? { failure: outcome.failure }
        : { status: outcome.status, body: outcome.answer ?? Buffer.alloc(0) };
    },
  };
}
