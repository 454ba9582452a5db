import { KeyfoldError } from "@keyfold/secrets";
import { readJson } from "../http/body.ts";
import { type Fields, idField, twice, unknownField } from "./fields.ts";
import type { Route } from "./route.ts";

/** Where a route's inputs are found. */
export interface Given {
  request: Request;
  /** Whether it came from Node's own server. */
  ofNode: boolean;
  /** A path parameter, decoded. */
  parameter(name: string): string | undefined;
  maxBodyBytes: number;
}

/**
 * Puts a verb's input together: path, then query (all of it for GET and DELETE, elsewhere `tenant` only), then body,
 * then the Idempotency-Key header. Nothing given twice.
 * @throws KeyfoldError `bad_input`, `too_large`; HttpError `not_json`
 */
export async function gatherInput(
  route: Route,
  fields: Fields,
  given: Given,
): Promise<Record<string, unknown>> {
  const { request } = given;
  const hasBody = route.method !== "GET" && route.method !== "DELETE";
  const input: Record<string, unknown> = hasBody ? fields.fromBody(await readBody(fields, given)) : {};
  const put = (key: string, name: string, value: unknown) => {
    if (Object.hasOwn(input, name)) throw twice(key);
    input[name] = value;
  };
  for (const key of fields.parameters) {
    const field = fields.byName.get(key)!;
    put(key, field.name, fields.fromText(field, given.parameter(key) ?? ""));
  }
  const query = request.url.indexOf("?");
  if (query !== -1) {
    for (const [key, text] of new URLSearchParams(request.url.slice(query))) {
      if (hasBody && key !== "tenant") throw unknownField(key);
      const field = fields.byName.get(key) ?? idField(fields.byName, key, text);
      if (field === undefined) throw unknownField(key);
      put(key, field.name, fields.fromText(field, text));
    }
  }
  const idempotencyKey = request.headers.get("idempotency-key");
  if (idempotencyKey !== null) {
    if (!fields.takesIdempotencyKey)
      throw new KeyfoldError("bad_input", {
        issues: [{ path: "idempotency_key", message: "is not taken by this call" }],
      });
    input.idempotencyKey = idempotencyKey;
  }
  return input;
}

async function readBody(fields: Fields, given: Given): Promise<Record<string, unknown>> {
  const { request } = given;
  const needed = [...fields.byName].some(
    ([name, field]) => field.required && !fields.parameters.includes(name),
  );
  if (!needed && isEmpty(request)) return {};
  const body = await readJson(request, given.maxBodyBytes, given.ofNode);
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new KeyfoldError("bad_input", { issues: [{ path: "body", message: "is not a JSON object" }] });
  return body as Record<string, unknown>;
}

/** A call such as a restore needs nothing said, and so no body. */
const isEmpty = ({ headers }: Request): boolean =>
  !headers.has("content-type") &&
  (headers.get("content-length") ?? "0") === "0" &&
  !headers.has("transfer-encoding");
