import type { IncomingMessage } from "node:http";
import { type BeginOptions, factsOf, peerOf } from "../http/begin.ts";
import { type CallLimits, noteCounted } from "../http/limits/call-limits.ts";
import { AFewAtATime } from "./a-few-at-a-time.ts";
import type { HotDoor } from "./door.ts";
import { RawHeaders } from "./raw-headers.ts";
import { answerRefusal } from "./refuse.ts";

export interface LimitDoorOptions extends BeginOptions {
  limits: Pick<CallLimits, "take">;
}

/** The ways in whose calls are limited. */
export const LIMITED = ["api", "trpc", "session", "people"] as const;

const IS_LIMITED = new RegExp(`^/(${LIMITED.join("|")})(/|$)`);
/** Longer bodies of who is refused are taken in as the app does it, in bytes. */
const MOST_BODY = 64 * 1024;

/**
 * Counts a call before an app does, and refuses whoever is past their limit at a tenth of what the app's way costs, a few at a
 * time: a flood of one tenant, which sends on when it is answered, is then little that its neighbours wait behind. What it does
 * not read the same way as the app, the app counts.
 */
export function createLimitDoor(options: LimitDoorOptions): HotDoor {
  const refusals = new AFewAtATime();
  return (app) => (request, response) => {
    const start = performance.now();
    const headers = isSimple(request) ? RawHeaders.of(request) : null;
    if (headers === null) return app(request, response);
    const facts = factsOf(headers, peerOf(request.socket), options);
    return void options.limits.take(facts.origin, headers).then(
      (counted) => {
        noteCounted(request, counted);
        app(request, response);
      },
      (error: unknown) =>
        refusals.add(() => answerRefusal(options, { request, response, headers, facts, start }, error)),
    );
  };
}

function isSimple({ url = "", headers }: IncomingMessage): boolean {
  return (
    IS_LIMITED.test(url) &&
    headers["transfer-encoding"] === undefined &&
    Number(headers["content-length"] ?? 0) <= MOST_BODY
  );
}
