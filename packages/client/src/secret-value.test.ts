import { format, inspect } from "node:util";
import { expect, test } from "vitest";
import { createKeyfold } from "./keyfold.ts";
import { held, SecretValue } from "./secret-value.ts";
import { answer, fakeFetch, revealed } from "./testing/answers.ts";

const VALUE = "sk_test_not_a_real_key";
const printed = (thing: unknown): string =>
  [
    `${thing}`,
    JSON.stringify({ thing }),
    format("%s %o %j", thing, thing, thing),
    inspect(thing, { depth: null, showHidden: true, customInspect: false }),
    inspect(new Error(`it went wrong: ${thing}`, { cause: thing })),
  ].join("\n");

test("what a read answered prints no value, and its clone holds none", () => {
  const one = held(revealed("K", VALUE));
  expect(printed(one)).toContain("[redacted]");
  for (const thing of [one, one.value]) expect(printed(thing)).not.toContain(VALUE);
  expect(Reflect.ownKeys(one.value)).toEqual([]);
  expect(structuredClone({ value: one.value })).toEqual({ value: {} });
  expect(one.value).toBeInstanceOf(SecretValue);
  expect(one.value.unsafelyWire()).toEqual({ value: VALUE, encoding: "utf8" });
});

test("a client and a tenant that have read a value print none, and give it to who asks", async () => {
  const { fetch } = fakeFetch(() => answer(revealed("K", VALUE)));
  const keyfold = createKeyfold({
    url: "http://localhost:3000",
    token: "kf_not_a_real_token_of_a_service",
    fetch,
  });
  const tenant = keyfold.tenant("acme");
  expect(await tenant.get("K")).toBe(VALUE);
  for (const thing of [keyfold, tenant])
    expect(inspect(thing, { depth: null, showHidden: true, customInspect: false })).not.toContain(VALUE);
});
