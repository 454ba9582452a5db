import { z } from "zod";

/** As much of JSON Schema as our schemas use. */
export interface JsonSchema {
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  description?: string;
  [other: string]: unknown;
}

/** What a zod schema takes (`input`) or gives (`output`), as JSON Schema 2020-12. */
export function jsonSchemaOf(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: "any", reused: "inline" });
  return json as JsonSchema;
}

/** `openUntil` → `open_until`. */
export const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

type Rename = (value: unknown) => unknown;

/**
 * Builds a function that renames exactly the keys that the schema declares, and leaves free maps (tags, an event's
 * details) as they are. A key that the schema does not declare stays, for the verb to refuse.
 * @returns null where there is nothing to rename below this
 */
export function renamer(schema: JsonSchema, direction: "to-snake" | "to-camel"): Rename | null {
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  const alternatives = inner.map((each) => renamer(each, direction)).filter((each) => each !== null);
  if (alternatives.length > 0) {
    // A nullable object is one object and null: each passes what is not its own.
    return (value) => alternatives.reduce((result, rename) => rename(result), value);
  }
  if (schema.items !== undefined) {
    const each = renamer(schema.items, direction);
    return each && ((value) => (Array.isArray(value) ? value.map(each) : value));
  }
  if (schema.properties === undefined) return null;
  const keys = new Map<string, { to: string; rename: Rename | null }>();
  for (const [name, property] of Object.entries(schema.properties)) {
    const [from, to] = direction === "to-snake" ? [name, snake(name)] : [snake(name), name];
    keys.set(from, { to, rename: renamer(property, direction) });
  }
  const changes = [...keys].some(([from, { to, rename }]) => from !== to || rename !== null);
  if (!changes) return null;
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const given = value as Record<string, unknown>;
    const renamed: Record<string, unknown> = {};
    for (const key of Object.keys(given)) {
      const field = given[key];
      const known = keys.get(key);
      if (known === undefined)
        renamed[direction === "to-camel" && isCamelOfKnown(keys, key) ? `?${key}` : key] = field;
      else renamed[known.to] = known.rename === null ? field : known.rename(field);
    }
    return renamed;
  };
}

/** `openUntil` is not how REST spells `open_until`: it must not slip through unrenamed. */
function isCamelOfKnown(keys: ReadonlyMap<string, { to: string }>, key: string): boolean {
  for (const [from, { to }] of keys) if (to === key && from !== key) return true;
  return false;
}

/** The same schema, its declared names in snake case: what the OpenAPI document shows. */
export function snakeSchema(schema: JsonSchema): JsonSchema {
  const list = (each: JsonSchema[]) => each.map(snakeSchema);
  return {
    ...schema,
    ...(schema.properties && {
      properties: Object.fromEntries(
        Object.entries(schema.properties).map(([name, property]) => [snake(name), snakeSchema(property)]),
      ),
    }),
    ...(schema.required && { required: schema.required.map(snake) }),
    ...(schema.items && { items: snakeSchema(schema.items) }),
    ...(schema.anyOf && { anyOf: list(schema.anyOf) }),
    ...(schema.oneOf && { oneOf: list(schema.oneOf) }),
    ...(schema.allOf && { allOf: list(schema.allOf) }),
  };
}
