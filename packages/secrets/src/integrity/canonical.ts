/** What a MAC can cover. Dates are whole milliseconds; objects are flat maps of text. */
export type Field =
  | string
  | number
  | bigint
  | boolean
  | null
  | Date
  | Uint8Array
  | { readonly [key: string]: Field };

/**
 * One spelling per row: a JSON array of its fields in their fixed order. Maps are spelt as sorted pairs, bytes as hex,
 * moments as RFC 3339, each under a tag, so that no two different rows share a spelling.
 */
export function canonical(fields: readonly Field[]): string {
  return JSON.stringify(fields.map(spell));
}

function spell(field: Field): unknown {
  if (field === null || typeof field === "string" || typeof field === "number" || typeof field === "boolean")
    return field;
  if (typeof field === "bigint") return ["n", field.toString()];
  if (field instanceof Date) return ["t", field.toISOString()];
  if (field instanceof Uint8Array)
    return ["b", Buffer.from(field.buffer, field.byteOffset, field.byteLength).toString("hex")];
  const pairs = Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1));
  return ["m", pairs.map(([key, value]) => [key, spell(value)])];
}
