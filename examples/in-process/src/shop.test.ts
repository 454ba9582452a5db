import { randomBytes } from "node:crypto";
import { connectOver } from "@keyfold/db";
import { createTestDatabase, type TestDatabase } from "@keyfold/db/testing";
import { requestInfo } from "@keyfold/secrets";
import { createTRPCClient, httpLink, TRPCClientError } from "@trpc/client";
import pg from "pg";
import superjson from "superjson";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AppRouter, createAppRouter } from "./app-router.ts";
import { openShop, type Shop } from "./shop.ts";
import { t } from "./trpc.ts";

let database: TestDatabase;
let pool: pg.Pool;
let shop: Shop;
const charged: { key: string; cents: number }[] = [];
const tokens = new Map<string, string>();

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 4, statement_timeout: 10_000 });
  shop = await openShop({
    pool,
    rootKey: randomBytes(32),
    async charge(key, cents) {
      charged.push({ key, cents });
      return { id: `ch_${charged.length}` };
    },
    customerOf: (session) => {
      const token = session && tokens.get(session);
      return token ? { slug: session, token } : null;
    },
  });
  const operator = callerAs(await shop.keyfold.createOperatorToken("the shop"));
  for (const slug of ["acme", "globex"]) {
    await operator.tenants.create({ slug });
    const { token } = await operator.tokens.create({ tenant: slug, name: "shop", preset: "admin" });
    tokens.set(slug, token!);
  }
});
afterAll(async () => {
  await shop.close();
  await pool.end();
  await database.drop();
});

/** Keyfold's procedures, called in process. */
function callerAs(token: string) {
  const router = createAppRouter(shop.keyfold, async () => ({ id: "" }));
  return t.createCallerFactory(router)({ customer: "", keyfold: requestInfo({ token }) }).keyfold;
}

/** The shop's own front end. */
function frontEnd(customer: string) {
  const headers = { cookie: customer };
  return createTRPCClient<AppRouter>({
    links: [httpLink({ url: shop.url, headers, transformer: superjson })],
  });
}

test("the shop charges with its customer's own key, read in process and audited", async () => {
  const acme = callerAs(tokens.get("acme")!);
  await acme.secrets.set({ name: "STRIPE_SECRET_KEY", value: "sk_test_not_a_real_key" });
  const answer = await frontEnd("acme").billing.charge.mutate({ cents: 1999 });
  expect(charged).toEqual([{ key: "sk_test_not_a_real_key", cents: 1999 }]);
  expect(answer).toMatchObject({ id: "ch_1", keyVersion: 1 });
  expect(answer.chargedAt).toBeInstanceOf(Date);
  const { events } = await acme.audit.list({ action: "secret.accessed" });
  expect(events.map(({ target }) => target?.name)).toEqual(["STRIPE_SECRET_KEY"]);
});

test("Keyfold's own procedures are served beside the host's, with the host's transformer", async () => {
  const globex = frontEnd("globex").keyfold;
  const { secret } = await globex.secrets.set.mutate({ name: "SENDGRID_TOKEN", value: "not a real token" });
  const { secrets } = await globex.secrets.list.query({});
  expect(secrets).toMatchObject([secret]);
});

test("Keyfold's refusals pass through the host's own error formatter", async () => {
  const error = await frontEnd("globex")
    .billing.charge.mutate({ cents: 1 })
    .catch((caught: unknown) => caught);
  if (!(error instanceof TRPCClientError)) throw error;
  expect(error.data).toMatchObject({ code: "NOT_FOUND", httpStatus: 404, shop: { keyfold: "not_found" } });
});

test("who is not signed in gets nothing", async () => {
  const call = frontEnd("nobody").keyfold.secrets.reveal.query({ name: "STRIPE_SECRET_KEY" });
  await expect(call).rejects.toMatchObject({ data: { shop: { keyfold: "unauthenticated" } } });
});

test("the host's pool is Keyfold's too, and stays the host's when Keyfold is closed", async () => {
  expect(pool.totalCount).toBeGreaterThan(0);
  const another = connectOver(pool);
  expect((await another.prisma.$queryRawUnsafe("SELECT 1 AS one")) as unknown).toEqual([{ one: 1 }]);
  expect(
    await another.direct((client) => client.query("SELECT current_setting('statement_timeout') AS t")),
  ).toMatchObject({
    rows: [{ t: "0" }],
  });
  await another.close();
  expect((await pool.query("SELECT 2 AS two")).rows).toEqual([{ two: 2 }]);
});
