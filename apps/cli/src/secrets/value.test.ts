import { format, inspect } from "node:util";
import { SecretValue } from "@keyfold/envelope/secret-value";
import { expect, test } from "vitest";
import { asVariables, openVariables } from "../inject/variables.ts";
import { newValue } from "./new-value.ts";
import { answered, sent } from "./value.ts";

const VALUE = "sk_test_not_a_real_key";

test("what a command carries prints no value: what was answered, what becomes of it, and what was typed or piped", async () => {
  const input = { isTerminal: false, read: async () => Buffer.from(`${VALUE}\n`), hidden: async () => "" };
  const terminal = { env: {}, out() {}, err() {}, isTerminal: false, columns: 80, input };
  const read = [{ name: "K", version: 1, value: answered({ value: VALUE, encoding: "utf8" }) }];
  const { variables } = asVariables(read);
  const piped = await newValue(terminal, "K", undefined, {});
  for (const thing of [read, variables, piped]) {
    const said = [
      JSON.stringify(thing),
      inspect(thing, { depth: null, showHidden: true }),
      format("%s %o", thing, thing),
    ];
    for (const one of said) {
      expect(one).toContain("[redacted]");
      expect(one).not.toContain(VALUE);
    }
  }
  expect(openVariables(variables)).toEqual({ K: VALUE });
  expect(sent(piped)).toEqual({ value: VALUE, encoding: "utf8" });
});

test("bytes that are no text go out as the bytes that came in", () => {
  const bytes = Buffer.from([0xff, 0x00, 0x01]);
  expect(sent(SecretValue.takeOverGiven(Buffer.from(bytes)))).toEqual({
    value: bytes.toString("base64"),
    encoding: "base64",
  });
  expect(answered(sent(SecretValue.takeOverGiven(Buffer.from(bytes)))).unsafelyBytes()).toEqual(bytes);
});
