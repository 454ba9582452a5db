import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  createKeyfold,
  defineSecrets,
  isKeyfoldError,
  json,
  type SecretDetail,
  type SecretsOf,
  type SecretView,
} from "./index.ts";

const keyfold = createKeyfold({ url: "https://keyfold.test", token: "kf_not_real" });
const secrets = defineSecrets({
  STRIPE_SECRET_KEY: z.string().startsWith("sk_"),
  PORT: z.coerce.number(),
  MODE: z.enum(["live", "test"]),
  OAUTH: json(z.object({ client: z.string() })),
});
const acme = keyfold.tenant("acme", secrets);

test("get is typed by the schema's output", () => {
  expectTypeOf(acme.get("STRIPE_SECRET_KEY")).resolves.toEqualTypeOf<string>();
  expectTypeOf(acme.get("PORT")).resolves.toEqualTypeOf<number>();
  expectTypeOf(acme.get("MODE")).resolves.toEqualTypeOf<"live" | "test">();
  expectTypeOf(acme.get("OAUTH")).resolves.toEqualTypeOf<{ client: string }>();
  expectTypeOf(acme.environment("prod").get("PORT")).resolves.toEqualTypeOf<number>();
});

test("a name that was not declared is a type error", () => {
  // @ts-expect-error no such name
  acme.get("STRIPE_SECRET_KEI");
  // @ts-expect-error no such name
  acme.set("STRIPE_SECRET_KEI", "x");
  // @ts-expect-error no such name
  acme.getMany(["PORT", "STRIPE_SECRET_KEI"]);
  expectTypeOf(acme.get).parameter(0).toEqualTypeOf<"STRIPE_SECRET_KEY" | "PORT" | "MODE" | "OAUTH">();
});

test("many and all keep each name's own type", () => {
  expectTypeOf(acme.getMany(["PORT", "MODE"])).resolves.toEqualTypeOf<{
    PORT: number;
    MODE: "live" | "test";
  }>();
  expectTypeOf(acme.getAll()).resolves.toEqualTypeOf<{
    STRIPE_SECRET_KEY: string;
    PORT: number;
    MODE: "live" | "test";
    OAUTH: { client: string };
  }>();
  expectTypeOf<SecretsOf<typeof secrets>["PORT"]>().toEqualTypeOf<number>();
});

test("a schema that takes no text is a type error where it is declared", () => {
  // @ts-expect-error a value is text
  defineSecrets({ PORT: z.number() });
});

test("an undeclared tenant takes any name and gives text", () => {
  expectTypeOf(keyfold.tenant("acme").get("ANYTHING")).resolves.toEqualTypeOf<string>();
  expectTypeOf(keyfold.tenant().getMany(["A", "B"])).resolves.toEqualTypeOf<{ A: string; B: string }>();
});

test("the router's types arrive", () => {
  expectTypeOf(keyfold.trpc.secrets.get.query({ name: "A" })).resolves.toEqualTypeOf<SecretDetail>();
  // @ts-expect-error a name is text
  keyfold.trpc.secrets.reveal.query({ name: 1 });
  // @ts-expect-error not a procedure
  keyfold.trpc.secrets.nothing;
  expectTypeOf<SecretView>().toHaveProperty("version");
  // @ts-expect-error metadata has no value
  expectTypeOf<SecretView>().toHaveProperty("value");
});

test("an error's code is narrowed by its guard", () => {
  const error: unknown = null;
  if (isKeyfoldError(error, "not_found", "secret_empty"))
    expectTypeOf(error.code).toEqualTypeOf<"not_found" | "secret_empty">();
  // @ts-expect-error not one of the codes
  isKeyfoldError(error, "not_a_code");
});
