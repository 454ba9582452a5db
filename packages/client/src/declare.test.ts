import { inspect } from "node:util";
import { expect, test } from "vitest";
import { z } from "zod";
import { matched } from "./declare.ts";
import { defineSecrets, json, type KeyfoldClientError, type StandardSchema } from "./index.ts";

async function refused(schema: StandardSchema, text: string): Promise<KeyfoldClientError> {
  const declared = defineSecrets({ KEY: schema as StandardSchema<string> });
  return matched(declared, "KEY", text).then(
    () => Promise.reject(new Error("the value was expected to be refused")),
    (error) => error,
  );
}

test("what zod says of a value is never repeated, whatever is wrong with it", async () => {
  const canary = "sk_test_not_a_real_key";
  const throwing = z.string().transform((text) => {
    throw new Error(`cannot use ${text}`);
  });
  const quoting = z
    .string()
    .superRefine((text, ctx) => ctx.addIssue({ code: "custom", message: text, path: [text] }));
  const strict = json(z.strictObject({}));
  const cases: [StandardSchema, string, string][] = [
    [z.string().startsWith("pk_"), canary, " (invalid_format)"],
    [z.enum(["a", "b"]), canary, " (invalid_value)"],
    [z.coerce.number(), canary, " (invalid_type)"],
    [z.string().max(3), canary, " (too_big)"],
    [z.union([z.literal("a"), z.literal("b")]), canary, " (invalid_union)"],
    [strict, JSON.stringify({ [canary]: 1 }), " (unrecognized_keys)"],
    [json(z.record(z.string(), z.number())), JSON.stringify({ [canary]: "x" }), " (invalid_type)"],
    [json(z.string()), canary, ""],
    [quoting, canary, " (custom)"],
    [throwing, canary, ""],
  ];
  for (const [schema, text, codes] of cases) {
    const error = await refused(schema, text);
    expect(error.code).toBe("value_invalid");
    expect(error.message).toBe(`The value of KEY does not match its declaration${codes}.`);
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain(canary);
  }
});

test("another library's words are not repeated either", async () => {
  const schema: StandardSchema<string> = {
    "~standard": {
      version: 1,
      vendor: "other",
      validate: (text) => ({ issues: [{ message: `${text}`, code: `${text}` } as { message: string }] }),
    },
  };
  const error = await refused(schema, "sk_test_not_a_real_key");
  expect(inspect(error, { depth: null })).not.toContain("sk_test");
});

test("a schema that answers later is waited for", async () => {
  const declared = defineSecrets({ KEY: z.string().refine(async (text) => text === "yes") });
  expect(await matched(declared, "KEY", "yes")).toBe("yes");
  await expect(matched(declared, "KEY", "no")).rejects.toMatchObject({ code: "value_invalid" });
});

test("a name that was not declared is not looked up on the prototype", async () => {
  const declared = defineSecrets({ KEY: z.string() });
  expect(await matched(declared, "constructor" as "KEY", "not a real value")).toBe("not a real value");
});
