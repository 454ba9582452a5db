// Migrates the database with the migrations that came in the package, opens the shop, and charges one card.
import { deployMigrations, migrationsDir } from "@keyfold/db/migrate";
import { requestInfo } from "@keyfold/secrets";
import pg from "pg";
import { createAppRouter } from "./app-router.ts";
import { openShop } from "./shop.ts";
import { t } from "./trpc.ts";

const { OWNER_URL, APP_URL, APP_ROLE } = process.env as Record<string, string>;
const { applied } = await deployMigrations({ url: OWNER_URL!, migrationsDir, appRole: APP_ROLE! });

const seen: string[] = [];
const charge = async (key: string) => {
  seen.push(key);
  return { id: "ch_1" };
};
const rootKey = crypto.getRandomValues(new Uint8Array(32));
const pool = new pg.Pool({ connectionString: APP_URL! });
const shop = await openShop({ pool, rootKey, charge, customerOf: () => null });
const callerOf = t.createCallerFactory(createAppRouter(shop.keyfold, charge));
const as = (token: string) => callerOf({ customer: "acme", keyfold: requestInfo({ token }) });

const operator = as(await shop.keyfold.createOperatorToken("the shop")).keyfold;
await operator.tenants.create({ slug: "acme" });
const { token } = await operator.tokens.create({ tenant: "acme", name: "shop", preset: "admin" });
await as(token!).keyfold.secrets.set({ name: "STRIPE_SECRET_KEY", value: "sk_test_not_a_real_key" });
const { id, keyVersion } = await as(token!).billing.charge({ cents: 1999 });
await shop.close();
await pool.end();

// Fails to compile when the types do not arrive: what is `any` makes an expected error disappear.
export async function check(): Promise<void> {
  const { secrets } = as("kf_not_real").keyfold;
  // @ts-expect-error a name is text
  await secrets.get({ name: 1 });
  // @ts-expect-error no such procedure
  await secrets.nothing({});
}

console.log(JSON.stringify({ migrated: applied.length > 0, id, keyVersion, seen }));
