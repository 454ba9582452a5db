import { EnvelopeError } from "@keyfold/envelope";

/** What a key service's answer, or its silence, means to us. The list is closed, so that maps over it are total. */
export type FailureKind = keyof typeof sentences;

/*
 * Sentences about a service, for an operator. They are ours and fixed: what a vendor's client throws may quote the
 * request, and so a key. `%` stands for the service's name.
 */
const sentences = {
  throttled: "% answers that it was asked too often.",
  unavailable: "% cannot be reached, or fails by itself.",
  timeout: "% did not answer in time.",
  bad_answer: "% gave an answer that is damaged, or is none to the question.",
  denied: "% does not permit this: the credentials are wrong, or lack a right on the key.",
  no_credentials: "There are no credentials for %.",
  key_unusable: "The key in % is disabled, destroyed, missing or not made for this.",
  refused_input: "% does not take the question.",
  /** The key was asked and says that the bytes, or their AAD, are not what it wrapped. */
  not_authentic: "",
} as const;

const retryable: ReadonlySet<FailureKind> = new Set(["throttled", "unavailable", "timeout", "bad_answer"]);

/** One failed call to a key service. Stays inside this package: callers get an EnvelopeError. */
export class ServiceFailure extends Error {
  readonly kind: FailureKind;
  /** How long the service asks to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(kind: FailureKind, retryAfterMs?: number) {
    super(kind);
    this.name = "ServiceFailure";
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether asking again may help. Wrapping and unwrapping change nothing in the service, so both may be repeated. */
  get retryable(): boolean {
    return retryable.has(this.kind);
  }

  /** The error for callers: `not_authentic`, or `provider_unavailable` with a sentence of ours. */
  toEnvelopeError(service: string): EnvelopeError {
    if (this.kind === "not_authentic") return new EnvelopeError("not_authentic");
    const sentence = sentences[this.kind].replace("%", service);
    return new EnvelopeError("provider_unavailable", sentence[0]!.toUpperCase() + sentence.slice(1));
  }
}

/** The failure that an HTTP status from a key service means; undefined for a good one, and for 400, which each uses differently. */
export function failureOfStatus(status: number, retryAfter?: string | null): ServiceFailure | undefined {
  if (status === 429) return new ServiceFailure("throttled", retryAfterMs(retryAfter));
  if (status === 401 || status === 403) return new ServiceFailure("denied");
  if (status === 404 || status === 410) return new ServiceFailure("key_unusable");
  if (status === 408) return new ServiceFailure("timeout");
  if (status >= 500) return new ServiceFailure("unavailable", retryAfterMs(retryAfter));
  return undefined;
}

/** Milliseconds from a Retry-After header in seconds (RFC 9110, 10.2.3); dates are not looked at. */
export function retryAfterMs(header: string | null | undefined): number | undefined {
  return header != null && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : undefined;
}
