import { type Connections, connect } from "@keyfold/db";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { requestInfo } from "../router/context.ts";
import { verbs } from "../router/verbs.ts";
import type { KeyfoldServer } from "../server.ts";
import { type House, openHouse } from "../testing/house.ts";
import { keyfoldError } from "../testing/refusal.ts";

/*
 * The audit table cannot be written, while reads (cold and warm) and writes go on: no value leaves without its event, no
 * change stays without one, nothing crashes, and all goes on by itself once the table takes events again.
 */
let house: House;
let db: Connections;
let server: KeyfoldServer;
beforeAll(async () => {
  house = await openHouse();
  db = connect({ url: house.database.url, poolSize: 6, statementTimeoutMs: 1_000 });
  server = await house.another({ db });
});
afterAll(async () => {
  await house.verify().finally(async () => {
    await db.close();
    await house.close();
  });
});

const raising = (state: string) => ({
  begin: () =>
    house.sql(`CREATE FUNCTION public.fault() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'canary in a message' USING ERRCODE = '${state}'; END $$;
      CREATE TRIGGER fault BEFORE INSERT ON control_plane.audit_batches FOR EACH ROW EXECUTE FUNCTION public.fault()`),
  end: () => house.sql("DROP TRIGGER fault ON control_plane.audit_batches; DROP FUNCTION public.fault()"),
});

/** Held by somebody until it is let go. */
function locked() {
  const holder = connect({ url: house.database.superuserUrl, poolSize: 1 });
  let release = async () => {};
  return {
    async begin() {
      const client = await holder.pool.connect();
      await client.query("BEGIN; LOCK TABLE control_plane.audit_batches IN ACCESS EXCLUSIVE MODE");
      release = async () => {
        await client.query("ROLLBACK");
        client.release();
        await holder.close();
      };
    },
    end: () => release(),
  };
}

test.each([
  ["read-only", () => raising("25006"), "database_unavailable"],
  ["full", () => raising("53100"), "database_full"],
  ["broken in some other way", () => raising("XX000"), "audit_unavailable"],
  ["locked", locked, "database_slow"],
] as const)(
  "while the audit table is %s, reads and writes fail by name, none without an event; after it they go on by themselves",
  async (what, fault, code) => {
    const tenant = await house.tenant(`faults-${what.split(" ")[0]}`);
    const request = requestInfo({ token: tenant.token });
    const { id } = await tenant.caller.secrets.create({ name: "K", value: "canary, not real" });
    const read = () => server.invoke(verbs.secrets.reveal, request, { name: "K" });
    let writes = 0;
    const write = () =>
      server.invoke(verbs.secrets.set, request, { name: "K", value: `canary ${++writes}, not real` });
    await read(); // and so the next ones are warm
    await read();
    const counted = { reads: 2, writes: 0 };
    const codes = new Set<string>();
    const go = async (of: "reads" | "writes", call: () => Promise<unknown>) => {
      try {
        await call();
        counted[of]++;
      } catch (error) {
        const refusal = keyfoldError(error);
        codes.add(refusal.code);
        expect(JSON.stringify([refusal.message, refusal.issues])).not.toContain("canary");
      }
    };
    const { begin, end } = fault();
    await begin();
    try {
      await Promise.all(
        Array.from({ length: 12 }, (_, n) => (n % 3 === 0 ? go("writes", write) : go("reads", read))),
      );
      expect(counted).toEqual({ reads: 2, writes: 0 });
      expect([...codes]).toEqual([code]);
    } finally {
      await end();
    }
    // By itself, in the same process.
    await vi.waitFor(async () => void (await read()), { timeout: 10_000, interval: 50 });
    counted.reads++;
    await go("writes", write);
    await go("reads", read);
    expect(counted).toEqual({ reads: 4, writes: 1 });
    const { events } = await tenant.caller.audit.list({ limit: 500 });
    const succeeded = (action: string) =>
      events.filter((e) => e.action === action && e.outcome === "success").length;
    expect({ reads: succeeded("secret.accessed"), writes: succeeded("secret.rotated") }).toEqual(counted);
    const { versions } = await tenant.caller.versions.list({ id });
    expect(versions.length).toBe(2);
  },
);
