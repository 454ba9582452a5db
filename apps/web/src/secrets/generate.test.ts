import { expect, test } from "vitest";
import { GENERATORS } from "./generate.ts";

const SHAPES = {
  base64url: /^[A-Za-z0-9_-]{43}$/,
  hex: /^[0-9a-f]{64}$/,
  password: /^[a-km-zA-HJ-NP-Z2-9._~-]{44}$/,
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
};

test.each(GENERATORS.map((one) => [one.id, one] as const))(
  "a made %s has its shape, and no two are alike",
  (id, { make }) => {
    const made = Array.from({ length: 200 }, make);
    for (const value of made) expect(value).toMatch(SHAPES[id]);
    expect(new Set(made).size).toBe(made.length);
  },
);
