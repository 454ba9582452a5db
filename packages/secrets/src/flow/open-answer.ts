import { SecretValue } from "@keyfold/envelope";
import { z } from "zod";

const isSecretValue = (given: unknown): boolean => given instanceof SecretValue;

/** A value in an answer. Inside it is a `SecretValue`; whoever is answered gets its text, by `openAnswer`. */
export const secretValue = z.custom<SecretValue>(isSecretValue).meta({ type: "string" });

/** An answer as its caller gets it: with the text of each value. */
export type OpenAnswer<T> = T extends SecretValue
  ? string
  : T extends object
    ? { [K in keyof T]: OpenAnswer<T[K]> }
    : T;

/**
 * Opens the values of a verb's answer: the one place where an adapter takes them out, at its edge, right before it writes or
 * hands them out. In place, and their bytes are overwritten: an answer with values is one call's alone, and is opened once.
 */
export function openAnswer<O extends z.ZodType>(
  { output }: { readonly output: O },
  answer: z.output<O>,
): OpenAnswer<z.output<O>> {
  let opener = openers.get(output);
  if (opener === undefined) {
    opener = openerOf(output);
    openers.set(output, opener);
  }
  if (opener === null) return answer as OpenAnswer<z.output<O>>;
  const values: SecretValue[] = [];
  const open = opener(answer, values);
  // Last: one value may stand in an answer twice.
  for (const value of values) value.wipe();
  return open as OpenAnswer<z.output<O>>;
}

/** @returns the answer with its values' texts, and the values in `values` */
type Opener = (answer: unknown, values: SecretValue[]) => unknown;
const openers = new WeakMap<z.ZodType, Opener | null>();

/** Whether an answer of this schema holds values. */
export const hasValues = (output: z.ZodType): boolean => openerOf(output) !== null;

/**
 * Walks a schema once, for where its values are.
 * @throws TypeError where they are in what this does not know to walk
 */
function openerOf(schema: z.core.$ZodType): Opener | null {
  const { def } = schema._zod as z.core.$ZodTypes["_zod"];
  switch (def.type) {
    case "custom":
      return def.fn === isSecretValue ? opened : null;
    case "object": {
      const fields: [string, Opener][] = [];
      for (const [name, field] of Object.entries(def.shape)) {
        const open = openerOf(field);
        if (open !== null) fields.push([name, open]);
      }
      return fields.length === 0 ? null : ofFields(fields);
    }
    case "array": {
      const open = openerOf(def.element);
      return open && ((answer, values) => (answer as unknown[]).map((each) => open(each, values)));
    }
    case "optional":
    case "nullable": {
      const open = openerOf(def.innerType);
      return open && ((answer, values) => (answer == null ? answer : open(answer, values)));
    }
    case "union":
      return none(def.options);
    case "record":
      return none([def.valueType]);
    case "default":
    case "readonly":
      return none([def.innerType]);
    case "pipe":
      return none([def.out]);
    default:
      return null;
  }
}

const ofFields =
  (fields: readonly [string, Opener][]): Opener =>
  (answer, values) => {
    const object = answer as Record<string, unknown>;
    for (const [name, open] of fields) object[name] = open(object[name], values);
    return object;
  };

function opened(given: unknown, values: SecretValue[]): string {
  const value = given as SecretValue;
  values.push(value);
  return value.unsafelyEncoded();
}

function none(schemas: readonly z.core.$ZodType[]): null {
  if (schemas.some((each) => openerOf(each) !== null))
    throw new TypeError("An answer holds its values in objects and arrays only.");
  return null;
}
