/**
 * What zod 4, Valibot, ArkType and others have in common: Standard Schema v1 (standardschema.dev), which asks to be
 * copied rather than depended upon.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Result<Output> | Promise<Result<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

type Result<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] };

type Types<S extends StandardSchema> = NonNullable<S["~standard"]["types"]>;
export type InputOf<S extends StandardSchema> = Types<S>["input"];
export type OutputOf<S extends StandardSchema> = Types<S>["output"];

/** The codes of zod's own issues. Another library's words could hold anything, and are not repeated. */
const CODES: ReadonlySet<unknown> = new Set([
  "invalid_type",
  "too_big",
  "too_small",
  "invalid_format",
  "not_multiple_of",
  "unrecognized_keys",
  "invalid_union",
  "invalid_key",
  "invalid_element",
  "invalid_value",
  "custom",
]);

/**
 * Runs a schema over a value. Of what it finds wrong only the codes come back: messages quote input, and paths are
 * a JSON value's own keys.
 */
export async function validate<S extends StandardSchema>(
  schema: S,
  value: unknown,
): Promise<{ ok: true; value: OutputOf<S> } | { ok: false; codes: string[] }> {
  try {
    const result = await schema["~standard"].validate(value);
    if (result.issues === undefined) return { ok: true, value: result.value };
    const codes = result.issues.map((issue) => (issue as { code?: unknown }).code);
    return { ok: false, codes: [...new Set(codes.filter((code) => CODES.has(code)) as string[])] };
  } catch {
    return { ok: false, codes: [] }; // A transform of the caller's threw, perhaps with the value in its message.
  }
}
