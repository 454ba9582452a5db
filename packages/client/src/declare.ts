import { KeyfoldClientError } from "./error.ts";
import { type InputOf, type OutputOf, type StandardSchema, validate } from "./standard-schema.ts";

/** Secrets by name, each with the schema that its value, as text, must match. */
export type Declarations = Record<string, StandardSchema>;

/** What a tenant has where nothing was declared: any name, and text. */
export type Undeclared = Record<string, StandardSchema<string, string>>;

export type NameIn<D extends Declarations> = keyof D & string;
export type ValueOf<D extends Declarations, N extends NameIn<D>> = OutputOf<D[N]>;

/** Refuses a schema that takes no text (`z.number()`: say `z.coerce.number()`), since a value is text. */
type TakingText<D extends Declarations> = {
  [N in keyof D]: [InputOf<D[N]> & string] extends [never]
    ? "a value is text: this schema must take it"
    : D[N];
};

export interface DeclaredSecrets<D extends Declarations> {
  readonly names: readonly NameIn<D>[];
  readonly schemas: Readonly<D>;
}

/** All declared secrets with their values' types. */
export type SecretsOf<S extends DeclaredSecrets<Declarations>> =
  S extends DeclaredSecrets<infer D> ? { [N in NameIn<D>]: ValueOf<D, N> } : never;

/**
 * Declares which secrets a tenant has, once: names complete in an editor, and values have the schemas' types.
 * @param schemas zod 4, or any Standard Schema v1, by the secret's name
 */
export function defineSecrets<const D extends Declarations>(schemas: D & TakingText<D>): DeclaredSecrets<D> {
  return { names: Object.keys(schemas) as NameIn<D>[], schemas: { ...schemas } };
}

/**
 * A value as its declaration wants it; as it is where nothing was declared.
 * @throws KeyfoldClientError `value_invalid`, naming the secret and never its value
 */
export async function matched<D extends Declarations, N extends NameIn<D>>(
  declared: DeclaredSecrets<D> | null,
  name: N,
  text: string,
): Promise<ValueOf<D, N>> {
  const schema = declared !== null && Object.hasOwn(declared.schemas, name) ? declared.schemas[name] : null;
  if (schema === null || schema === undefined) return text as ValueOf<D, N>;
  const result = await validate(schema, text);
  if (result.ok) return result.value as ValueOf<D, N>;
  const codes = result.codes.length === 0 ? "" : ` (${result.codes.join(", ")})`;
  throw valueInvalid(name, `does not match its declaration${codes}`);
}

/** The refusal of a value that is not what was declared; never quotes it. */
export function valueInvalid(name: string, message: string): KeyfoldClientError {
  return new KeyfoldClientError("value_invalid", {
    message: `The value of ${name} ${message}.`,
    issues: [{ path: name, message }],
  });
}
