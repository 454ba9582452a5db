import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { requestInfo } from "../router/context.ts";
import { type House, openHouse } from "../testing/house.ts";
import { defineVerb } from "./verb.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

const output = z.object({ name: z.string(), inner: z.object({ id: z.int() }) });
/** A verb whose work gives more than it declares, as a row that grew a column would. */
const careless = { name: "x", mac: "not_to_be_seen", inner: { id: 1, sealed: "not_to_be_seen" } };

test("what a verb gives beyond its declared output does not leave, on the warm way either", async () => {
  const facts = {
    action: "identity.get",
    changes: false,
    summary: "",
    input: z.strictObject({}),
    output,
  } as const;
  const request = requestInfo({ token: house.operatorToken });
  const cold = defineVerb({ ...facts, run: async () => careless });
  const warm = defineVerb({ ...facts, warm: async () => careless, run: async () => careless });
  for (const verb of [cold, warm]) {
    expect(await house.server.invoke(verb, request, {})).toEqual({ name: "x", inner: { id: 1 } });
  }
});
