import { KeyfoldError, type KeyfoldServer, openAnswer, type RequestInfo, verbs } from "@keyfold/secrets";
import type { Hono } from "hono";
import type { AppContext, AppEnv } from "../http/facts.ts";
import type { BulkGate } from "../http/limits/bulk-gate.ts";
import { valuesAskedFor } from "../http/limits/reveals.ts";
import { HttpError } from "../http/problem.ts";
import { isKnown, isTagged, tagged, untagged } from "./entity-tag.ts";
import { fieldsOf } from "./fields.ts";
import { gatherInput } from "./input.ts";
import { jsonSchemaOf, renamer } from "./naming.ts";
import type { Route } from "./route.ts";
import { routes } from "./routes.ts";

export interface RestOptions {
  keyfold: Pick<KeyfoldServer, "invoke">;
  /** Who calls, from the request's own facts. @throws HttpError */
  requestOf(c: AppContext): RequestInfo;
  /** Counts values before they are asked for. @throws HttpError `too_many_calls` */
  takeReveals(c: AppContext, values: number): Promise<void>;
  /** Most bytes of a body: of one with one value, and of one with many. */
  maxBodyBytes: { single: number; bulk: number };
  /** Where calls with large answers wait for their turn. */
  gate: BulkGate;
}

/** Mounts every route of the table under /api. */
export function mountRest(app: Hono<AppEnv>, options: RestOptions): void {
  // Addresses without a parameter first: else one of them, asked with another method, would be somebody's id.
  const paths = [...new Set(routes.map((route) => route.path))];
  const isFixed = (path: string) => !path.includes(":");
  for (const path of [...paths.filter(isFixed), ...paths.filter((one) => !isFixed(one))]) {
    const there = routes.filter((route) => route.path === path);
    for (const route of there) app.on(route.method, `/api${path}`, handler(route, options));
    // A known address with another method.
    const methods = there.map((route) => route.method);
    const allow = methods.includes("GET") ? [...methods, "HEAD"] : methods;
    app.all(`/api${path}`, (c) => {
      c.get("facts").route = `/api${path}`;
      throw new HttpError("method_not_allowed", { allow: allow.join(", ") });
    });
  }
}

/** What a route's schemas say about its calls. */
function walk(route: Route) {
  return {
    fields: fieldsOf(route),
    toSnake: renamer(jsonSchemaOf(route.answer?.schema ?? route.verb.output, "output"), "to-snake"),
    hasTag: isTagged(route),
  };
}

/**
 * One route, its schemas walked once, by its first call: all of them together are a sixth of what a start works. What is
 * left for a call: gather, invoke, rename.
 */
function handler(route: Route, { keyfold, requestOf, takeReveals, maxBodyBytes, gate }: RestOptions) {
  let known: ReturnType<typeof walk> | undefined;
  const reshape = route.answer?.of as ((output: unknown) => unknown) | undefined;
  const status = route.status ?? 200;
  const isLarge = route.verb === verbs.secrets.revealMany || route.verb === verbs.secrets.setMany;
  const limit = route.bulk ? maxBodyBytes.bulk : maxBodyBytes.single;

  return async (c: AppContext): Promise<Response> => {
    c.get("facts").route = `/api${route.path}`;
    known ??= walk(route);
    const { fields, toSnake, hasTag } = known;
    try {
      const request = requestOf(c);
      const input = await gatherInput(route, fields, {
        request: c.req.raw,
        ofNode: c.env?.incoming !== undefined,
        parameter: (name) => c.req.param(name),
        maxBodyBytes: limit,
      });
      await takeReveals(c, valuesAskedFor(route.verb, input));
      const answer = async (): Promise<Response> => {
        const output: unknown = openAnswer(route.verb, await keyfold.invoke(route.verb, request, input));
        const shaped = reshape === undefined ? output : reshape(output);
        const renamed = toSnake === null ? shaped : toSnake(shaped);
        const { body, tag } = hasTag ? tagged(renamed) : untagged(renamed);
        const headers = tag === null ? {} : { etag: tag };
        if (tag !== null && isKnown(c.req.header("if-none-match"), tag))
          return new Response(null, { status: 304, headers });
        return new Response(body, { status, headers: { "content-type": "application/json", ...headers } });
      };
      return await (isLarge ? gate.pass(answer) : answer());
    } catch (error) {
      throw inRestWords(error, fields.issuePath);
    }
  };
}

/** The verb names its inputs; a REST caller knows them by other names. */
function inRestWords(error: unknown, issuePath: (path: string) => string): unknown {
  if (!(error instanceof KeyfoldError) || error.issues === undefined) return error;
  const issues = error.issues.map(({ path, message }) => ({ path: issuePath(path), message }));
  return new KeyfoldError(error.code, { issues, sentence: error.message, cause: error.cause });
}
