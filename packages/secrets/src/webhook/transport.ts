/**
 * How webhooks leave: this package knows nothing of HTTP. The transport sees to it that nothing is sent where nothing
 * may be, that no redirect is followed, and that no answer takes long or is read.
 */
export interface WebhookTransport {
  /** Why an address can never be sent to, in a sentence for whoever configures it; null: it can. */
  refusal(url: string): string | null;
  /** Posts a body. Never rejects. */
  post(request: {
    url: string;
    headers: Readonly<Record<string, string>>;
    body: string;
    signal: AbortSignal;
  }): Promise<TransportOutcome>;
}

/**
 * A status, and how many seconds whoever answered asked to be left alone, if they did; or in a word why there is none. How
 * long it took is in milliseconds.
 */
export type TransportOutcome =
  | { readonly status: number; readonly retryAfter?: number | null; readonly durationMs: number }
  | { readonly failure: string; readonly durationMs: number };
