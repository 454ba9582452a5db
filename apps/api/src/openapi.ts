import { HTTP_ERRORS } from "./http/problem.ts";
import { isTagged } from "./rest/entity-tag.ts";
import { type Field, fieldsOf } from "./rest/fields.ts";
import { type JsonSchema, jsonSchemaOf, snakeSchema } from "./rest/naming.ts";
import type { Route } from "./rest/route.ts";
import { routes } from "./rest/routes.ts";

type Json = Record<string, unknown>;

const PROBLEM: Json = {
  type: "object",
  description: "What went wrong (RFC 9457). Never holds anything of a value.",
  required: ["type", "title", "status", "code", "detail", "correlation_id"],
  properties: {
    type: { type: "string", format: "uri" },
    title: { type: "string" },
    status: { type: "integer" },
    code: { type: "string", description: "Stable; what programs look at." },
    detail: { type: "string" },
    correlation_id: { type: "string", description: "Stands in the server's log and in the audit event too." },
    errors: {
      type: "array",
      items: {
        type: "object",
        required: ["path", "message"],
        properties: { path: { type: "string" }, message: { type: "string" } },
      },
    },
  },
};

const failure = (description: string): Json => ({
  description,
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
});

/**
 * The OpenAPI 3.1 document, made from the very table that the routes are mounted from.
 * @param serverUrl where this server is reached
 */
export function openApiDocument(serverUrl: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = `/api${route.path.replace(/:([a-z_]+)/g, "{$1}")}`;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Keyfold",
      version: "1",
      description:
        "Tenant secrets, encrypted, versioned, rotated and audited. Every call takes a service token (or an operator's) as `Authorization: Bearer …`. Every answer has the header `x-correlation-id`; a caller may send its own.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: serverUrl }],
    security: [{ token: [] }],
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: { Problem: PROBLEM },
    },
  };
}

function operationOf(route: Route): Json {
  const fields = fieldsOf(route);
  const tagged = isTagged(route);
  const hasBody = route.method !== "GET" && route.method !== "DELETE";
  const all = [...fields.byName];
  const inQuery = hasBody ? [] : all.filter(([name]) => !fields.parameters.includes(name));
  const inBody = hasBody ? all.filter(([name]) => !fields.parameters.includes(name)) : [];
  const parameters: Json[] = [
    ...fields.parameters.map((name) => parameter(name, "path", fields.byName.get(name)!, true)),
    ...inQuery.flatMap(([name, field]) => [
      parameter(name, "query", field, field.required),
      ...(field.hasIdName ? [idParameter(name)] : []),
    ]),
    ...(fields.takesIdempotencyKey
      ? [
          {
            name: "Idempotency-Key",
            in: "header",
            description:
              "The same key with the same request within 24 hours answers the same, and does nothing again.",
            schema: { type: "string", minLength: 8, maxLength: 255, pattern: "^[\\x21-\\x7e]+$" },
          },
        ]
      : []),
    ...(tagged
      ? [
          {
            name: "If-None-Match",
            in: "header",
            description:
              "An entity tag of before: where nothing has changed since, the answer is 304 and has no body.",
            schema: { type: "string" },
          },
        ]
      : []),
  ];
  const answer = snakeSchema(jsonSchemaOf(route.answer?.schema ?? route.verb.output, "output"));
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary ?? route.verb.summary,
    description: `Needs the action \`${route.verb.action}\`.`,
    parameters,
    ...(hasBody
      ? {
          requestBody: {
            required: inBody.some(([, field]) => field.required),
            content: { "application/json": { schema: bodySchema(inBody) } },
          },
        }
      : {}),
    responses: {
      [String(route.status ?? 200)]: {
        description: "Done.",
        headers: {
          "x-correlation-id": { schema: { type: "string" } },
          ...(tagged ? { etag: { schema: { type: "string" } } } : {}),
        },
        content: { "application/json": { schema: answer } },
      },
      ...(tagged
        ? { "304": { description: "Nothing has changed since the entity tag that was sent." } }
        : {}),
      "400": failure("The request is not valid."),
      "401": failure("No valid token."),
      "403": failure("The token does not allow this."),
      "404": failure("Not there, or not for this token to see."),
      "409": failure("The state of things does not allow it."),
      "413": failure("Too large."),
      "429": failure(HTTP_ERRORS.too_many_guesses[1]),
      "503": failure("Cannot be done now. Try again."),
      default: failure("Anything else."),
    },
  };
}

function parameter(name: string, where: "path" | "query", field: Field, required: boolean): Json {
  const { description, ...schema } = field.schema;
  return { name, in: where, required, ...(description === undefined ? {} : { description }), schema };
}

const idParameter = (name: string): Json => ({
  name: `${name}_id`,
  in: "query",
  required: false,
  description: `The same as \`${name}\`, for an id only.`,
  schema: { type: "string", format: "uuid" },
});

function bodySchema(fields: [string, Field][]): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  for (const [name, field] of fields) {
    properties[name] = snakeSchema(field.schema);
    if (field.hasIdName)
      properties[`${name}_id`] = {
        type: "string",
        format: "uuid",
        description: `The same as \`${name}\`, for an id only.`,
      };
  }
  const required = fields.filter(([, field]) => field.required).map(([name]) => name);
  // A place is given by its name or by its id, not by both.
  const not = fields
    .filter(([, field]) => field.hasIdName)
    .map(([name]) => ({ not: { required: [name, `${name}_id`] } }));
  return {
    type: "object",
    properties,
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
    ...(not.length > 0 ? { allOf: not } : {}),
  };
}
