import { type Connections, connect } from "@keyfold/db";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KeyfoldServer } from "../server.ts";
import { callerOf, type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";

let house: House;
/** Many callers wait for few connections here, and on a busy machine for longer than a server would let them. */
let db: Connections;
let server: KeyfoldServer;
beforeAll(async () => {
  house = await openHouse();
  db = connect({
    url: house.database.url,
    poolSize: 8,
    connectTimeoutMs: 60_000,
    statementTimeoutMs: 60_000,
  });
  server = await house.another({ db });
});
afterAll(async () => {
  // Whatever was done, every chain verifies.
  await house.verify().finally(async () => {
    await db.close();
    await house.close();
  });
});

test("200 rotations at once make 200 versions without a gap, one of them current, and lose none", async () => {
  const { id: tenant, token } = await house.tenant("rotations");
  const caller = callerOf(server, token);
  for (let round = 0; round < 2; round++) {
    const name = `ROUND_${round}`;
    const { id } = await caller.secrets.create({ name, value: "0", graceSeconds: 7200 });
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => caller.secrets.rotate({ id, value: `${round}/${i}` })),
    );
    const versions = answers.map((a) => a.secret.version!).sort((a, b) => a - b);
    expect(versions).toEqual(Array.from({ length: 200 }, (_, i) => i + 2));
    const rows = await house.sql<{ number: number; state: string }>(
      "SELECT number, state FROM control_plane.versions WHERE tenant_id = $1 AND secret_id = $2 ORDER BY number",
      [tenant, id],
    );
    expect(rows.map((r) => r.number)).toEqual(Array.from({ length: 201 }, (_, i) => i + 1));
    expect(rows.filter((r) => r.state === "current")).toEqual([{ number: 201, state: "current" }]);
    // Every acknowledged value is the one that its version opens to.
    for (const [i, answer] of answers.entries()) {
      if (i % 10 !== 0) continue;
      const { value } = await caller.versions.reveal({ id, version: answer.secret.version! });
      expect(value).toBe(`${round}/${i}`);
    }
  }
  expect((await house.verify()).get(tenant)).toBeGreaterThan(400);
});

test("reads among rotations see only what was current after they began and before they ended", async () => {
  const { caller } = await house.tenant("reads");
  const { id } = await caller.secrets.create({ name: "K", value: "1", graceSeconds: 0 });
  let acknowledged = 1;
  let asked = 1;
  let rotating = true;
  const seen: [before: number, value: number, after: number][] = [];
  const reader = async () => {
    while (rotating) {
      const before = acknowledged;
      const { value } = await caller.secrets.reveal({ id });
      seen.push([before, Number(value), asked]);
    }
  };
  const readers = [reader(), reader(), reader()];
  for (let n = 2; n <= 60; n++) {
    asked = n;
    await caller.secrets.rotate({ id, value: String(n) });
    acknowledged = n;
    // With no grace, the old one's end is now.
    expect(await codeOf(caller.versions.reveal({ id, version: n - 1 }))).toBe("version_expired");
  }
  rotating = false;
  await Promise.all(readers);
  expect(seen.length).toBeGreaterThan(0);
  for (const [before, value, after] of seen) {
    expect(value).toBeGreaterThanOrEqual(before);
    expect(value).toBeLessThanOrEqual(after);
  }
});

test("a name that many set at once is made once, and every set becomes a version", async () => {
  const { caller } = await house.tenant("upserts");
  for (let round = 0; round < 5; round++) {
    const name = `NEW_${round}`;
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) => caller.secrets.set({ name, value: `${i}` })),
    );
    expect(new Set(answers.map((a) => a.secret.id)).size).toBe(1);
    expect(answers.map((a) => a.secret.version!).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 12 }, (_, i) => i + 1),
    );
  }
});

test("of many who create one name at once, one does, and the others hear that it is taken", async () => {
  const { caller } = await house.tenant("creates");
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, (_, i) => codeOf(caller.secrets.create({ name: "K", value: `${i}` }))),
  );
  expect(outcomes.sort()).toEqual(["allowed", ...Array(7).fill("name_taken")]);
});

test("deleting, restoring and setting at once never make two live secrets of one name", async () => {
  const { id: tenant, caller } = await house.tenant("mixed");
  const { id } = await caller.secrets.create({ name: "K", value: "0" });
  for (let round = 0; round < 6; round++) {
    await Promise.all([
      codeOf(caller.secrets.delete({ id })),
      codeOf(caller.secrets.set({ name: "K", value: `a${round}` })),
      codeOf(caller.secrets.restore({ id })),
      codeOf(caller.secrets.set({ name: "K", value: `b${round}` })),
    ]);
    const live = await house.sql(
      "SELECT id FROM control_plane.secrets WHERE tenant_id = $1 AND name = 'K' AND state <> 'deleted'",
      [tenant],
    );
    expect(live.length).toBeLessThanOrEqual(1);
  }
});
