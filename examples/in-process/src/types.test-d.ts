import type { KeyfoldServer } from "@keyfold/secrets";
import type { TRPCClient } from "@trpc/client";
import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import { expectTypeOf, test } from "vitest";
import { type AppRouter, createAppRouter } from "./app-router.ts";
import { type ShopContext, t } from "./trpc.ts";

type Inputs = inferRouterInputs<AppRouter>;
type Outputs = inferRouterOutputs<AppRouter>;

test("the nested router's inputs and outputs arrive in the host's types", () => {
  expectTypeOf<Outputs["keyfold"]["secrets"]["reveal"]["value"]>().toEqualTypeOf<string>();
  expectTypeOf<Outputs["keyfold"]["secrets"]["reveal"]["encoding"]>().toEqualTypeOf<"utf8" | "base64">();
  expectTypeOf<Inputs["keyfold"]["secrets"]["rotate"]>().toHaveProperty("reason");
  expectTypeOf<Outputs["billing"]["charge"]>().toEqualTypeOf<{
    id: string;
    keyVersion: number;
    chargedAt: Date;
  }>();
});

test("a caller and a client of the host's router reach Keyfold's procedures by their names", () => {
  const caller = t.createCallerFactory(createAppRouter({} as KeyfoldServer, async () => ({ id: "" })))(
    {} as ShopContext,
  );
  expectTypeOf(caller.keyfold.secrets.reveal({ name: "A" })).resolves.toHaveProperty("value");
  // @ts-expect-error a name is text
  caller.keyfold.secrets.reveal({ name: 1 });
  // @ts-expect-error no such procedure
  caller.keyfold.secrets.nothing;
  const client = {} as TRPCClient<AppRouter>;
  expectTypeOf(client.billing.charge.mutate({ cents: 1 }))
    .resolves.toHaveProperty("chargedAt")
    .toEqualTypeOf<Date>();
  expectTypeOf(client.keyfold.secrets.list.query({})).resolves.toHaveProperty("secrets");
});
