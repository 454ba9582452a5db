import { type Operation, TRPCClientError, type TRPCLink } from "@trpc/client";
import { observable } from "@trpc/server/observable";
import { clientError } from "./answer-error.ts";
import type { Clock } from "./clock.ts";
import type { KeyfoldClientError, KeyfoldErrorCode } from "./error.ts";
import type { KeyfoldRouter } from "./router.ts";

/** What can be over a moment later. */
const PASSING: ReadonlySet<KeyfoldErrorCode> = new Set<KeyfoldErrorCode>([
  "network",
  "timeout",
  "busy",
  "conflict",
  "database_unavailable",
  "database_slow",
  "audit_unavailable",
  "key_unavailable",
]);

const FIRST_DELAY_MS = 100;
/** A server that asks for longer than this is not waited for: the error goes to the caller, with `retryAfterMs`. */
const LONGEST_WAIT_MS = 10_000;

/**
 * Sends a call again that failed in passing, if sending it twice does no harm: a query, or a change with an
 * idempotency key. Waits as long as the server asks, else 100 ms doubling, with full jitter.
 * @param retries how many times more, at most
 */
export function retryLink(retries: number, clock: Clock): TRPCLink<KeyfoldRouter> {
  return () =>
    ({ op, next }) =>
      observable((observer) => {
        let current: { unsubscribe(): void } | undefined;
        let over = false;
        const attempt = (made: number): void => {
          current = next(op).subscribe({
            next: (value) => observer.next(value),
            complete: () => observer.complete(),
            error(caught) {
              const error = clientError(caught);
              const delay = made <= retries && isRepeatable(op) ? delayAfter(error, made) : null;
              if (delay === null) return observer.error(TRPCClientError.from(error));
              void clock.wait(delay).then(() => over || attempt(made + 1));
            },
          });
        };
        attempt(1);
        return () => {
          over = true;
          current?.unsubscribe();
        };
      });
}

function isRepeatable({ type, input }: Operation): boolean {
  return type === "query" || typeof (input as { idempotencyKey?: unknown })?.idempotencyKey === "string";
}

/** Milliseconds to wait after the `made`th attempt failed so; null: give up. */
function delayAfter(error: KeyfoldClientError, made: number): number | null {
  if (!PASSING.has(error.code)) return null;
  const asked = error.retryAfterMs;
  if (asked !== null) return asked <= LONGEST_WAIT_MS ? asked : null;
  return Math.random() * FIRST_DELAY_MS * 2 ** made;
}
