import { EnvelopeError } from "@keyfold/envelope";
import { type FailureKind, ServiceFailure } from "./service-failure.ts";
import { systemTimer, type Timer } from "./timer.ts";

export type KeyServiceOperation = "wrap" | "unwrap" | "describe" | "health";

/** One call that went to a key service: what a metric is made of. */
export interface KeyServiceCall {
  /** The provider's `kind`. */
  provider: string;
  operation: KeyServiceOperation;
  outcome: "ok" | FailureKind;
  seconds: number;
}

export interface ResilienceOptions {
  /** Milliseconds that one call may take. 3 000 unless given. */
  timeoutMs: number;
  /** Calls after the first, where it failed in a way that may pass. 3 unless given. */
  retries: number;
  /** Milliseconds that calls and waits may take together: no call begins after that. 12 000 unless given. */
  totalMs: number;
  /** Longest wait before the first retry, in milliseconds; doubles with each. 100 unless given. */
  firstWaitMs: number;
  /** Longest wait between calls that we choose, in milliseconds. 2 000 unless given. */
  longestWaitMs: number;
  timer: Timer;
  /** From 0 to below 1. Spreads the waits of many processes; guards nothing. */
  random: () => number;
  /** Told of each call, after it. What it throws is dropped. */
  observe: (call: KeyServiceCall) => void;
}

const defaults: ResilienceOptions = {
  timeoutMs: 3_000,
  retries: 3,
  totalMs: 12_000,
  firstWaitMs: 100,
  longestWaitMs: 2_000,
  timer: systemTimer,
  random: Math.random,
  observe: () => {},
};

/** A key service as its calls see it. */
export interface CalledService {
  kind: string;
  /** Its name for people, e.g. "AWS KMS". */
  title: string;
  /** What an error of its client means. Never looks at more than codes and statuses. */
  failureOf(error: unknown, operation: KeyServiceOperation): ServiceFailure;
}

/**
 * Asks a key service. `signal` is aborted at the time-out; whether or not the client heeds it, the call is given up.
 * @throws EnvelopeError `not_authentic`, or `provider_unavailable` with a sentence of ours
 */
export type CallService = <T>(
  operation: KeyServiceOperation,
  ask: (signal: AbortSignal) => Promise<T>,
) => Promise<T>;

/**
 * Calls with a time-out, and bounded retries with full jitter (each wait is random between nothing and a bound that
 * doubles), or after as long as the service asks for. One that asks for longer than `totalMs` leaves is given up.
 */
export function resilientCalls(
  service: CalledService,
  options: Partial<ResilienceOptions> = {},
): CallService {
  const { timer, ...limits } = { ...defaults, ...options };

  async function once<T>(
    operation: KeyServiceOperation,
    ask: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const began = timer.now();
    let outcome: KeyServiceCall["outcome"] = "ok";
    try {
      return await withinTime(ask);
    } catch (error) {
      const failure = failureOf(error, operation);
      outcome = failure.kind;
      throw failure;
    } finally {
      const seconds = (timer.now() - began) / 1000;
      try {
        limits.observe({ provider: service.kind, operation, outcome, seconds });
      } catch {
        // A metric that cannot be kept is no reason to lose a key.
      }
    }
  }

  async function withinTime<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const abort = new AbortController();
    let cancel: () => void = () => {};
    const late = new Promise<never>((_, reject) => {
      cancel = timer.deadline(limits.timeoutMs, () => {
        reject(new ServiceFailure("timeout"));
        abort.abort();
      });
    });
    const asked = ask(abort.signal);
    try {
      return await Promise.race([asked, late]);
    } finally {
      cancel();
      // A key that comes after all has nobody left who would erase it.
      if (abort.signal.aborted) asked.then(erase, () => {});
    }
  }

  function failureOf(error: unknown, operation: KeyServiceOperation): ServiceFailure {
    if (error instanceof ServiceFailure) return error;
    // Ours, from what is done here with a service's answer: the bytes were refused.
    if (error instanceof EnvelopeError) return new ServiceFailure("not_authentic");
    return service.failureOf(error, operation);
  }

  function waitBefore(retry: number, failure: ServiceFailure): number {
    const bound = Math.min(limits.longestWaitMs, limits.firstWaitMs * 2 ** (retry - 1));
    return (failure.retryAfterMs ?? 0) + limits.random() * bound;
  }

  return async (operation, ask) => {
    const giveUpAt = timer.now() + limits.totalMs;
    const retries = operation === "health" ? 0 : limits.retries;
    for (let retry = 1; ; retry++) {
      try {
        return await once(operation, ask);
      } catch (error) {
        const failure = error as ServiceFailure;
        const wait = waitBefore(retry, failure);
        if (!failure.retryable || retry > retries || timer.now() + wait >= giveUpAt)
          throw failure.toEnvelopeError(service.title);
        await timer.pause(wait);
      }
    }
  };
}

function erase(answer: unknown): void {
  if (answer instanceof Uint8Array) answer.fill(0);
}
