import { format, inspect } from "node:util";
import { SecretValue } from "@keyfold/envelope";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { GivenValue } from "../input/value.ts";
import { requestInfo } from "../router/context.ts";
import { verbs } from "../router/verbs.ts";
import { loadSecret } from "../secret/load.ts";
import { setSecretInput } from "../secret/schema.ts";
import { type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";
import { withNewValue } from "../version/new-value.ts";
import { openVersion } from "../version/open.ts";
import { hasValues, openAnswer, secretValue } from "./open-answer.ts";
import { onPool } from "./query.ts";
import { defineVerb, type Verb } from "./verb.ts";

const VALUE = "sk_test_not_a_real_key";
const NEXT = "sk_test_the_next_one";
let house: House;
let tenant: Awaited<ReturnType<House["tenant"]>>;
beforeAll(async () => {
  house = await openHouse();
  tenant = await house.tenant("acme");
  await tenant.caller.secrets.set({ name: "K", value: VALUE });
});
afterAll(() => house.close());

const all = Object.entries(verbs).flatMap(([noun, of]) =>
  Object.entries(of as Record<string, Verb>).map(([name, verb]) => ({ path: `${noun}.${name}`, verb })),
);

/** Every field of this name in a schema, however deep. */
function fieldsCalled(name: string, schema: unknown, found: z.ZodType[] = []): z.ZodType[] {
  if (!(schema instanceof z.ZodType)) return found;
  for (const [key, part] of Object.entries(schema.def as object)) {
    if (key === "shape")
      for (const [field, inner] of Object.entries(part as Record<string, z.ZodType>)) {
        if (field === name) found.push(inner);
        fieldsCalled(name, inner, found);
      }
    else for (const inner of Array.isArray(part) ? part : [part]) fieldsCalled(name, inner, found);
  }
  return found;
}

test("in every verb's schemas a value is a SecretValue on its way out, and wrapped once it is parsed on its way in", () => {
  const value = SecretValue.ofText(VALUE);
  for (const { path, verb } of all) {
    for (const field of fieldsCalled("value", verb.output))
      expect([path, field.safeParse(value).success, field.safeParse(VALUE).success]).toEqual([
        path,
        true,
        false,
      ]);
    for (const field of fieldsCalled("value", verb.input))
      expect([path, field.safeParse(VALUE).data]).toEqual([path, expect.any(GivenValue)]);
  }
  expect(all.filter(({ verb }) => hasValues(verb.output)).map(({ path }) => path)).toEqual([
    "secrets.reveal",
    "secrets.revealMany",
    "versions.reveal",
  ]);
  expect(
    all.filter(({ verb }) => fieldsCalled("value", verb.input).length > 0).map(({ path }) => path),
  ).toEqual([
    "secrets.create",
    "secrets.set",
    "secrets.setMany",
    "secrets.rotate",
    "secrets.save",
    "secrets.check",
    "versions.prepare",
    "links.share",
  ]);
});

/** A thing as it is printed, in all the ways in which that happens by accident. */
const printed = (thing: unknown): string =>
  [
    String(thing),
    JSON.stringify(thing),
    format("%s %o %j", thing, thing, thing),
    inspect(thing, { depth: null, showHidden: true }),
    inspect(new Error(`it went wrong: ${thing}`, { cause: thing })),
  ].join("\n");

test("before the adapter's edge an answer prints no value; at the edge it is opened once, and its bytes are overwritten", async () => {
  const request = requestInfo({ token: tenant.token });
  const { id } = await tenant.caller.secrets.get({ name: "K" });
  const answers: [() => Promise<unknown>, Verb][] = [
    [() => house.server.invoke(verbs.secrets.reveal, request, { id }), verbs.secrets.reveal],
    [() => house.server.invokeWarm(verbs.secrets.reveal, request, { id }), verbs.secrets.reveal],
    [() => house.server.invoke(verbs.versions.reveal, request, { id, version: 1 }), verbs.versions.reveal],
    [
      () => house.server.invoke(verbs.secrets.revealMany, request, { names: ["K", "K"] }),
      verbs.secrets.revealMany,
    ],
  ];
  for (const [ask, verb] of answers) {
    const answer = (await ask()) as { value: SecretValue } | { secrets: { value: SecretValue }[] };
    expect(printed(answer)).toContain("[redacted]");
    expect(printed(answer)).not.toContain(VALUE);
    const values = ("secrets" in answer ? answer.secrets : [answer]).map(({ value }) => value);
    const open = JSON.stringify(openAnswer(verb, answer));
    expect(open.split(`"value":"${VALUE}"`).length - 1).toBe(values.length);
    for (const value of values) expect(value.unsafelyBytes().every((byte) => byte === 0)).toBe(true);
  }
});

test("what carries a value inside a verb prints none: its input, what is decoded, what is opened, what is thrown of it", async () => {
  const careless = defineVerb({
    action: "secret.reveal",
    changes: false,
    summary: "",
    input: setSecretInput,
    output: z.object({}),
    run: (call, input) =>
      withNewValue(call, input, async (tenantId, _, value) => {
        const loaded = await loadSecret(call, onPool(house.db), tenantId, { name: "K" }, { sealed: true });
        const opened = await openVersion(call, tenantId, loaded);
        expect([value.unsafelyText(), opened.unsafelyText()]).toEqual([NEXT, VALUE]);
        for (const thing of [input, value, opened, call.request, { request: call.request, facts: [value] }]) {
          expect(printed(thing)).toContain("[redacted]");
          expect(printed(thing)).not.toMatch(/sk_test/);
          expect(printed(thing)).not.toContain(tenant.token);
        }
        call.services.log.error({ input, value, opened }, "by accident");
        throw new Error(`it went wrong: ${input.value} ${value} ${opened}`, { cause: opened });
      }),
  });
  const call = house.server.invoke(careless, requestInfo({ token: tenant.token }), {
    name: "N",
    value: NEXT,
  });
  expect(await codeOf(call)).toBe("internal");
  expect(house.logged.join("\n")).toContain('"value":"[redacted]"');
  expect(house.logged.join("\n")).not.toMatch(/sk_test/);
});

test("values that an answer holds where nobody would look for them are refused, and not written as [redacted]", () => {
  for (const output of [z.union([secretValue, z.string()]), z.record(z.string(), secretValue)])
    expect(() => openAnswer({ output }, {} as never)).toThrow(TypeError);
});
