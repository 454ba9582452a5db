import { type Connections, connect, withTenantSql } from "@keyfold/db";
import { afterAll, beforeAll, expect, type TestContext, test } from "vitest";
import { requestInfo } from "./router/context.ts";
import { verbs } from "./router/verbs.ts";
import type { KeyfoldServer } from "./server.ts";
import { type House, openHouse } from "./testing/house.ts";
import { hasPgBouncer, type Pooler, startPooler } from "./testing/pooler.ts";
import { codeOf } from "./testing/refusal.ts";

/*
 * Through PgBouncer in transaction mode, every transaction may be on another connection, and each connection was somebody
 * else's a moment ago: what of a tenant stayed on it would be another's to see.
 */
const REQUESTS = Number(process.env.KEYFOLD_POOLER_REQUESTS ?? 1_000);
const TENANTS = 6;

let house: House;
let pooler: Pooler | null = null;
let db: Connections;
let server: KeyfoldServer;
const tenants: { id: string; slug: string; token: string; secret: string; value: string }[] = [];

beforeAll(async () => {
  house = await openHouse();
  for (let n = 0; n < TENANTS; n++) {
    const { id, slug, token, caller } = await house.tenant(`pooled-${n}`);
    const value = `not a real value of ${slug}`;
    const secret = (await caller.secrets.create({ name: "K", value })).id;
    tenants.push({ id, slug, token, secret, value });
  }
  if (!hasPgBouncer()) return;
  pooler = await startPooler(house.database.url, 3);
  db = connect({ url: pooler.url, pooler: true, poolSize: 24 });
  server = await house.another({ db, readCache: false });
});
afterAll(async () => {
  await db?.close();
  await pooler?.stop();
  await house.close();
});

/** Skips where PgBouncer is missing; in CI that is a failure. */
function needsPooler(context: TestContext): void {
  if (pooler !== null) return;
  if (process.env.CI) throw new Error("pgbouncer is missing: CI must have it");
  context.skip("pgbouncer is missing");
}

test("interleaved requests of six tenants over three connections are each answered with their own, and nothing of another's", async (context) => {
  needsPooler(context);
  let next = 0;
  const wrong: string[] = [];
  const one = async (n: number): Promise<void> => {
    const me = tenants[n % TENANTS]!;
    const other = tenants[(n + 1 + (n % (TENANTS - 1))) % TENANTS]!;
    const request = requestInfo({ token: me.token });
    const check = (what: string, is: boolean) => void (is || wrong.push(`${what} ${n}`));
    switch (n % 6) {
      case 0: {
        const { value } = await server.invoke(verbs.secrets.reveal, request, { id: me.secret });
        return check("revealed", value.unsafelyText() === me.value);
      }
      case 1: {
        const { secrets } = await server.invoke(verbs.secrets.list, request, {});
        return check(
          "listed",
          secrets.every((s) => s.id === me.secret || s.name.startsWith(me.slug)),
        );
      }
      case 2:
        return check(
          "another's secret",
          (await codeOf(server.invoke(verbs.secrets.reveal, request, { id: other.secret }))) === "not_found",
        );
      case 3: {
        const name = `${me.slug}-${n % 12}`;
        await server.invoke(verbs.secrets.set, request, { name, value: `${me.slug} ${n}` });
        return;
      }
      case 4: {
        const seen = await withTenantSql(db, me.id, ({ query }) =>
          query<{ id: string }>("SELECT DISTINCT tenant_id AS id FROM control_plane.secrets", []),
        );
        return check("rows", seen.length === 1 && seen[0]!.id === me.id);
      }
      default: {
        // With no tenant set, on a connection that had one a moment ago.
        const { rows } = await db.pool.query(
          "SELECT id FROM control_plane.secrets UNION ALL SELECT id FROM control_plane.tenants UNION ALL SELECT chain_id FROM control_plane.audit_batches",
        );
        return check("no tenant", rows.length === 0);
      }
    }
  };
  const worker = async () => {
    while (next < REQUESTS) await one(next++);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  expect(wrong).toEqual([]);
}, 600_000);

test("a tenant that was set by a transaction that failed or was cut off is set for nobody after it", async (context) => {
  needsPooler(context);
  const [mine] = tenants;
  await expect(withTenantSql(db, mine!.id, ({ query }) => query("SELECT 1 / 0", []))).rejects.toMatchObject({
    code: "22012",
  });
  const client = await db.pool.connect();
  client.on("error", () => {});
  await client.query(`BEGIN; SELECT set_config('keyfold.tenant', '${mine!.id}', true)`);
  client.release(new Error("cut off in the middle of a transaction"));
  for (let i = 0; i < 12; i++) {
    const { rows } = await db.pool.query("SELECT id FROM control_plane.secrets");
    expect(rows).toEqual([]);
  }
  const wrong = await withTenantSql(db, "00000000-0000-4000-8000-000000000000", ({ query }) =>
    query("SELECT id FROM control_plane.secrets", []),
  );
  expect(wrong).toEqual([]);
});
