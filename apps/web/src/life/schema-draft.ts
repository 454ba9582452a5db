/** What a rotator's settings are filled in as: texts, ticks and picks, until they are read. */
export type Draft = Record<string, string | boolean>;

export interface Property {
  type?: string;
  enum?: readonly unknown[];
  default?: unknown;
  description?: string;
  anyOf?: readonly { const?: unknown }[];
  properties?: Record<string, unknown>;
}

export interface ConfigSchema {
  properties?: Record<string, Property>;
  required?: readonly string[];
}

export type Kind = "choice" | "tick" | "number" | "text" | "secret" | "json";

/** How a setting is asked for. */
export function kindOf(property: Property): Kind {
  if (picksOf(property) !== null) return "choice";
  if (property.type === "boolean") return "tick";
  if (property.type === "integer" || property.type === "number") return "number";
  if (property.type === "string") return "text";
  return property.properties?.$secret === undefined ? "json" : "secret";
}

/** What a setting is picked from; null: it is no pick. */
export function picksOf({ enum: some, anyOf }: Property): readonly unknown[] | null {
  if (some !== undefined) return some;
  return anyOf?.every((one) => "const" in one) ? anyOf.map((one) => one.const) : null;
}

/** The form's beginning: what is set already, else what the rotator takes by itself. */
export function draftOf(schema: ConfigSchema, config: Record<string, unknown>): Draft {
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, property]) => {
      const value = config[name] ?? property.default;
      const kind = kindOf(property);
      if (kind === "tick") return [name, value === true];
      if (value === undefined) return [name, ""];
      if (kind === "secret") return [name, String((value as { $secret?: unknown }).$secret ?? "")];
      return [name, kind === "json" ? JSON.stringify(value) : String(value)];
    }),
  );
}

/** The settings as the server wants them; what is left empty is left out. @throws SyntaxError where JSON is none */
export function configOf(schema: ConfigSchema, draft: Draft): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
      const text = draft[name];
      if (text === undefined || text === "") return [];
      if (typeof text === "boolean") return [[name, text]];
      const kind = kindOf(property);
      if (kind === "number") return [[name, Number(text)]];
      if (kind === "secret") return [[name, { $secret: text.trim() }]];
      if (kind === "json") return [[name, JSON.parse(text) as unknown]];
      return [[name, picksOf(property)?.find((pick) => String(pick) === text) ?? text]];
    }),
  );
}
