import type { IncomingMessage } from "node:http";

/** Why a warm read failed, and under which id the log and the audit log know it. */
export interface HotFailure {
  error: unknown;
  correlationId: string;
}

const failures = new WeakMap<object, HotFailure>();

/** Notes why a warm read failed: then the app answers, in the words of REST or tRPC, and reads nothing again. */
export function noteHotFailure(request: IncomingMessage, failure: HotFailure): void {
  failures.set(request, failure);
}

/** Why this request's warm read failed; undefined: it did not, or there was none. */
export const hotFailureOf = (request: object | undefined): HotFailure | undefined =>
  request === undefined ? undefined : failures.get(request);
