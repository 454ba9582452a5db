import { isKeyfoldError, type Keyfold } from "@keyfold/client";
import express, { type ErrorRequestHandler, type Express } from "express";
import { secrets } from "./secrets.ts";
import { sign } from "./sign.ts";

/**
 * Express: a route reads what it needs when it needs it. The client keeps values for 30 seconds, so this is a request to Keyfold
 * now and then, and a rotation is followed without a restart.
 */
export function createExpressApp(keyfold: Keyfold): Express {
  const tenant = keyfold.tenant(undefined, secrets);
  const app = express();
  app.use(express.text());
  app.post("/sign", async (request, response) => {
    const key = await tenant.get("SIGNING_KEY");
    response.json({ signature: await sign(key, request.body ?? "") });
  });
  // What Keyfold says is for the log: callers learn that it is not their fault, and nothing else.
  const failed: ErrorRequestHandler = (error, _request, response, next) => {
    if (!isKeyfoldError(error)) return next(error);
    response.status(503).json({ error: "A secret cannot be had at the moment." });
  };
  app.use(failed);
  return app;
}
