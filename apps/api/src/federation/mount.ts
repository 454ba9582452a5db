import { KeyfoldError, type KeyfoldServer } from "@keyfold/secrets";
import type { Hono } from "hono";
import { z } from "zod";
import { readJson } from "../http/body.ts";
import type { Callers } from "../http/callers.ts";
import type { AppEnv } from "../http/facts.ts";
import { HttpError } from "../http/problem.ts";

const MAX_BODY_BYTES = 24 * 1024;
const PATH = "/api/federation/token";
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";

/** The names of RFC 8693, section 2.1, and of ours the tenant and the rule. */
const exchange = z.strictObject({
  grant_type: z.literal("urn:ietf:params:oauth:grant-type:token-exchange").optional(),
  subject_token: z.string().min(1).max(16_384),
  subject_token_type: z
    .enum(["urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token"])
    .optional(),
  tenant: z.string().min(1).max(63),
  rule: z.string().min(1).max(255).optional(),
});

/** POST /api/federation/token: a workload's token of another issuer for a token of minutes. Needs no other credential. */
export function mountFederation(
  app: Hono<AppEnv>,
  { keyfold, callers }: { keyfold: Pick<KeyfoldServer, "exchangeToken">; callers: Callers },
): void {
  app.post(PATH, async (c) => {
    c.get("facts").route = PATH;
    const parsed = exchange.safeParse(await readJson(c.req.raw, MAX_BODY_BYTES));
    if (!parsed.success)
      throw new KeyfoldError("bad_input", {
        issues: parsed.error.issues.map(({ path, code }) => ({
          path: path.map(String).join("."),
          message: code === "unrecognized_keys" ? "holds a field that is not known here" : "is not valid",
        })),
      });
    const { subject_token: subjectToken, tenant, rule } = parsed.data;
    const request = callers.requestWith(c, { token: subjectToken });
    const made = await keyfold.exchangeToken(
      // What was sent is no credential of ours: nothing shall look it up.
      { ...request, credential: null },
      { tenant, subjectToken, ...(rule === undefined ? {} : { rule }) },
    );
    return c.json({
      access_token: made.token,
      issued_token_type: ACCESS_TOKEN,
      token_type: "Bearer",
      expires_in: made.expiresInSeconds,
      expires_at: made.expiresAt.toISOString(),
      rule: made.rule,
    });
  });
  app.all(PATH, (c) => {
    c.get("facts").route = PATH;
    throw new HttpError("method_not_allowed", { allow: "POST" });
  });
}
