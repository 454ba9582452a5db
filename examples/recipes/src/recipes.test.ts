import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { createKeyfold, isKeyfoldError, type Keyfold } from "@keyfold/client";
import { createTestDatabase } from "@keyfold/db/testing";
import { PrismaPg } from "@prisma/adapter-pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createExpressApp } from "./express.ts";
import { createHonoApp } from "./hono.ts";
import { followDatabaseUrl } from "./prisma.ts";
import { sign } from "./sign.ts";

const KEY = "whsec_not_a_real_key";
let served: Served;
let token: string;
let caller: Awaited<ReturnType<Served["house"]["tenant"]>>["caller"];
let keyfold: Keyfold;
let signature: string;
beforeAll(async () => {
  served = await serveHouse();
  ({ token, caller } = await served.house.tenant("recipes"));
  keyfold = createKeyfold({ url: served.url, token, retries: 0 });
  await keyfold.tenant().setMany({ SIGNING_KEY: KEY, ALLOWED_ORIGIN: "https://shop.example/" });
  signature = await sign(KEY, "hello");
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await served.close();
});

/** A Keyfold that does not answer. */
const away = () =>
  createKeyfold({ url: served.url, token, retries: 0, fetch: () => Promise.reject(new TypeError("away")) });

test("express: a route reads a secret, and says no more than that it cannot", async () => {
  const post = async (client: Keyfold) => {
    const server = createExpressApp(client).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sign`;
      const answer = await fetch(url, {
        method: "POST",
        headers: { "content-type": "text/plain" },
        body: "hello",
      });
      return [answer.status, await answer.json()];
    } finally {
      server.close();
    }
  };
  expect(await post(keyfold)).toEqual([200, { signature }]);
  expect(await post(away())).toEqual([503, { error: "A secret cannot be had at the moment." }]);
});

test("hono: a middleware reads what was declared, typed", async () => {
  const post = (client: Keyfold) => createHonoApp(client).request("/sign", { method: "POST", body: "hello" });
  const answer = await post(keyfold);
  expect([answer.status, await answer.json()]).toEqual([200, { signature }]);
  expect(answer.headers.get("access-control-allow-origin")).toBe("https://shop.example");
  expect((await post(away())).status).toBe(503);
});

test("next: a route handler and a server component read at the request, and not when they are built", async () => {
  const route = await import("./next-route.ts"); // no setting is there yet
  vi.stubEnv("KEYFOLD_URL", served.url);
  vi.stubEnv("KEYFOLD_TOKEN", token);
  const answer = await route.POST(
    new Request("https://shop.example/sign", { method: "POST", body: "hello" }),
  );
  expect(await answer.json()).toEqual({ signature });
  expect(await route.allowedOrigin()).toBe("https://shop.example/");
});

test("prisma: a client follows its connection string, and what does not connect is not used", async () => {
  const database = await createTestDatabase();
  const other = await createTestDatabase();
  // Prisma's own driver adapter stands for a whole generated client here.
  const make = (connectionString: string) => {
    const adapter = new PrismaPg({ connectionString }).connect();
    return {
      database: async () => {
        const query = { sql: "SELECT current_database()::text", args: [], argTypes: [] };
        return (await (await adapter).queryRaw(query)).rows[0]?.[0];
      },
      $disconnect: async () => (await adapter).dispose(),
    };
  };
  try {
    await caller.secrets.set({ name: "DATABASE_URL", value: database.url });
    const errors: unknown[] = [];
    const follows = await followDatabaseUrl(keyfold, "DATABASE_URL", make, (client) => client.database(), {
      everyMs: false,
      onError: (error) => errors.push(error),
    });
    expect(await follows.client.database()).toBe(database.name);
    await caller.secrets.rotate({ name: "DATABASE_URL", value: other.url });
    await follows.refresh();
    expect(await follows.client.database()).toBe(other.name);
    const wrong = new URL(database.url);
    wrong.pathname = "/none";
    await caller.secrets.rotate({ name: "DATABASE_URL", value: wrong.href });
    const failed = await follows.refresh().catch((error: unknown) => error);
    expect([failed === undefined, isKeyfoldError(failed)]).toEqual([false, false]);
    expect(await follows.client.database()).toBe(other.name);
    const { uses } = await caller.secrets.blastRadius({ name: "DATABASE_URL" });
    expect(uses.map(({ version }) => version)).toEqual([2]);
    await follows.end();
    expect(errors).toEqual([]);
  } finally {
    await database.drop();
    await other.drop();
  }
});
