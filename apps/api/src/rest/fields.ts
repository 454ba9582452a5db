import { KeyfoldError } from "@keyfold/secrets";
import { UUID_IN_ANY_CASE } from "../http/uuid.ts";
import { type JsonSchema, jsonSchemaOf, renamer, snake } from "./naming.ts";
import { parametersOf, type Route } from "./route.ts";

/** Inputs that only the header `Idempotency-Key` sets. */
const IDEMPOTENCY = "idempotencyKey";
/** The old names of these two inputs, for ids only: `project_id` says which project, and is no name. */
const PLACES = ["project", "environment"] as const;

/** One input of a route, as REST spells it. */
export interface Field {
  /** The verb's name for it. */
  name: string;
  schema: JsonSchema;
  required: boolean;
  /** REST takes `<name>_id` as well. */
  hasIdName: boolean;
}

/** What a route takes, found once from its verb's schema. */
export interface Fields {
  /** By REST's names. */
  byName: ReadonlyMap<string, Field>;
  parameters: readonly string[];
  takesIdempotencyKey: boolean;
  /** Query and path parameters are text; this makes of each what the schema says. */
  fromText(field: Field, text: string): unknown;
  /** A body's keys and those below them as the verb spells them. */
  fromBody(body: Record<string, unknown>): Record<string, unknown>;
  /** How REST spells the path of an issue. */
  issuePath(path: string): string;
}

/** Finds what a route takes. Walks its schemas: once a route, and not once a call. */
export function fieldsOf(route: Route): Fields {
  const schema = jsonSchemaOf(route.verb.input, "input");
  const properties = schema.properties ?? {};
  const aliases = new Map(Object.entries(route.alias ?? {}).map(([rest, verbs]) => [verbs, rest]));
  const parameters = parametersOf(route.path);
  const byName = new Map<string, Field>();
  const renames = new Map<Field, (value: unknown) => unknown>();
  for (const [name, property] of Object.entries(properties)) {
    if (name === IDEMPOTENCY || (route.omit?.includes(name) && !aliases.has(name))) continue;
    const rest = aliases.get(name) ?? snake(name);
    const hasIdName =
      PLACES.some((place) => place === name) && !parameters.includes(rest) && route.placesByName !== true;
    const required = schema.required?.includes(name) ?? false;
    const field = { name, schema: property, required: required || parameters.includes(rest), hasIdName };
    byName.set(rest, field);
    const rename = renamer(property, "to-camel");
    if (rename !== null) renames.set(field, rename);
  }
  return {
    byName,
    parameters,
    takesIdempotencyKey: IDEMPOTENCY in properties,
    fromText: (field, text) => fromText(field.schema, text),
    fromBody(body) {
      const input: Record<string, unknown> = {};
      for (const [key, value] of Object.entries(body)) {
        const field = byName.get(key) ?? idField(byName, key, value);
        if (field === undefined) throw unknownField(key);
        if (Object.hasOwn(input, field.name)) throw twice(key);
        const rename = renames.get(field);
        input[field.name] = rename === undefined ? value : rename(value);
      }
      return input;
    },
    issuePath(path) {
      const [first = "", ...rest] = path.split(".");
      return [aliases.get(first) ?? snake(first), ...rest.map(snake)].join(".");
    },
  };
}

/** `project_id` and `environment_id`. @throws KeyfoldError `bad_input` for what is no id */
export function idField(byName: ReadonlyMap<string, Field>, key: string, value: unknown): Field | undefined {
  if (!key.endsWith("_id")) return undefined;
  const field = byName.get(key.slice(0, -3));
  if (!field?.hasIdName) return undefined;
  if (typeof value !== "string" || !UUID_IN_ANY_CASE.test(value))
    throw new KeyfoldError("bad_input", { issues: [{ path: key, message: "is not an id" }] });
  return field;
}

// A name that we do not know is the caller's text, and is not repeated.
export const unknownField = (_key: string): KeyfoldError =>
  new KeyfoldError("bad_input", { issues: [{ path: "", message: "holds a field that is not known here" }] });

export const twice = (key: string): KeyfoldError =>
  new KeyfoldError("bad_input", { issues: [{ path: key, message: "is given twice" }] });

function fromText(schema: JsonSchema, text: string): unknown {
  const type = typeOf(schema);
  if (type === "integer" && /^-?\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)))
    return Number(text);
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text; // the verb says what is wrong with it
}

function typeOf(schema: JsonSchema): string | undefined {
  if (typeof schema.type === "string") return schema.type;
  return schema.anyOf?.map(typeOf).find((type) => type !== undefined && type !== "null");
}
