import { describeCause, KeyfoldError } from "@keyfold/secrets";
import type { Hono } from "hono";
import type { Logger } from "../observe/log.ts";
import type { AppContext, AppEnv } from "./facts.ts";
import { HttpError, problemResponse, type Refusal, refusalOf } from "./problem.ts";

/**
 * Answers what goes wrong, and what is at no address, with problem details. An error that is none of ours is logged, and
 * its caller hears the one sentence for it.
 * @param refused told of every refusal before its answer
 */
export function answerErrors(
  app: Hono<AppEnv>,
  log: Pick<Logger, "error">,
  refused: (c: AppContext, refusal: Refusal) => void,
): void {
  app.onError((error, c) => {
    const { correlationId } = c.get("facts");
    const refusal = refusalOf(error);
    refused(c, refusal);
    if (!(error instanceof KeyfoldError || error instanceof HttpError))
      logStranger(log, correlationId, error);
    return problemResponse(refusal, correlationId);
  });
  app.notFound((c) => {
    const facts = c.get("facts");
    facts.refusal = "no_route";
    return problemResponse(refusalOf(new HttpError("no_route")), facts.correlationId);
  });
}

/** For the operator's log: which request failed, and what of its cause may be said. */
export function logStranger(log: Pick<Logger, "error">, correlationId: string, error: unknown): void {
  log.error({ correlationId, cause: describeCause(error) }, "a request failed");
}
