import { randomBytes } from "node:crypto";
import { type Connections, connect } from "@keyfold/db";
import { createTestDatabase, type TestDatabase } from "@keyfold/db/testing";
import { EnvelopeError, localRootKey, SecretKey, wrapKey } from "@keyfold/envelope";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKeyfoldServer } from "../../server.ts";
import { callerOf } from "../../testing/house.ts";
import { codeOf } from "../../testing/refusal.ts";

let database: TestDatabase;
let db: Connections;
const provider = localRootKey(randomBytes(32));

beforeAll(async () => {
  database = await createTestDatabase();
  db = connect({ url: database.url });
  // Before anything else: two first starts at once, and one that may not.
  await expect(createKeyfoldServer({ db, provider })).rejects.toMatchObject({
    name: "DeploymentError",
    problem: "not_initialized",
  });
  const starts = await Promise.all(
    [0, 1, 2].map(() => createKeyfoldServer({ db, provider, mayCreate: true })),
  );
  expect(new Set(starts.map((s) => s.deployment.id)).size).toBe(1);
  expect(starts.filter((s) => s.deployment.created).length).toBe(1);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

test("a deployment that one start made is found by the next, and its tokens hold", async () => {
  const one = await createKeyfoldServer({ db, provider });
  const token = await one.createOperatorToken("operator");
  const two = await createKeyfoldServer({ db, provider });
  expect(two.deployment).toEqual({ id: one.deployment.id, created: false });
  expect(await codeOf(callerOf(two, token).tenants.list({}))).toBe("allowed");
});

test("regression: a ninth region was taken, for which a tenant's id has no bit", async () => {
  const all = Array.from({ length: 9 }, (_, i) => `region-${i}`);
  await expect(
    createKeyfoldServer({ db, provider, regions: { here: "region-0", all } }),
  ).rejects.toMatchObject({ name: "DeploymentError", problem: "wrong_region" });
});

test("another root key stops the start, and both fingerprints are named", async () => {
  const other = localRootKey(randomBytes(32));
  const [needed, given] = [await provider.current(), await other.current()];
  for (const mayCreate of [false, true]) {
    const error = await createKeyfoldServer({ db, provider: other, mayCreate }).catch(
      (e: unknown) => e as Error,
    );
    expect(error).toMatchObject({ name: "DeploymentError", problem: "wrong_root_key" });
    expect((error as Error).message).toContain(needed.id);
    expect((error as Error).message).toContain(given.id);
  }
  expect(
    await codeOf(createKeyfoldServer({ db, provider }).catch(() => Promise.reject(new Error("bricked")))),
  ).toBe("allowed");
});

test("a key service that does not answer stops the start, and says so", async () => {
  const away = {
    ...provider,
    current: () => Promise.reject(new EnvelopeError("provider_unavailable")),
  } as typeof provider;
  await expect(createKeyfoldServer({ db, provider: away })).rejects.toMatchObject({
    problem: "root_key_unavailable",
  });
});

test("a tenant's keys are asked for again once they were dropped, and a key service that is away then is named", async () => {
  let away = false;
  const flaky = Object.create(provider) as typeof provider;
  flaky.current = () =>
    away ? Promise.reject(new EnvelopeError("provider_unavailable")) : provider.current();
  const now = { ms: 0 };
  const server = await createKeyfoldServer({
    db,
    provider: flaky,
    keyring: { ttlMs: 1000, clock: () => now.ms },
    readCache: false,
  });
  const operator = callerOf(server, await server.createOperatorToken("keys"));
  await operator.tenants.create({ slug: "keys" });
  const { token } = await operator.tokens.create({ tenant: "keys", name: "t", preset: "admin" });
  const caller = callerOf(server, token);
  const { id } = await caller.secrets.create({ name: "K", value: "not a real value" });
  away = true;
  expect(await codeOf(caller.secrets.reveal({ id }))).toBe("allowed");
  now.ms = 1001;
  expect(await codeOf(caller.secrets.reveal({ id }))).toBe("key_unavailable");
  expect(await codeOf(caller.secrets.set({ name: "L", value: "x" }))).toBe("key_unavailable");
  // Revoking needs no key service.
  expect(await codeOf(caller.versions.revoke({ id, version: 1, reason: "leaked" }))).toBe("allowed");
  away = false;
  expect(await codeOf(caller.secrets.set({ name: "L", value: "x" }))).toBe("allowed");
});

test("an operator's token is any string of 32 to 512 characters, and only its digest is kept", async () => {
  const server = await createKeyfoldServer({ db, provider });
  const given = "a bootstrap token that is long enough";
  expect(await server.createOperatorToken("bootstrap", given)).toBe(given);
  expect(await codeOf(callerOf(server, given).tenants.list({}))).toBe("allowed");
  for (const bad of ["short", "x".repeat(31), "x".repeat(513), `kf_${"A".repeat(49)}`])
    await expect(server.createOperatorToken("bad", bad)).rejects.toThrow(RangeError);
});

/** A root key whose other half is public, such as an age identity's: whoever has that half can wrap under it. */
async function halfPublic() {
  const whole = localRootKey(randomBytes(32));
  const { id } = await whole.current();
  return { id, provider: { ...whole, anybodySeals: id }, forger: whole };
}

test("regression: who writes the database and has a recovery public key could give the deployment keys of their own", async () => {
  const { id: deployment } = (await createKeyfoldServer({ db, provider })).deployment;
  const half = await halfPublic();
  const superuser = connect({ url: database.superuserUrl, poolSize: 1 });
  try {
    const edit = (sql: string, params: unknown[] = []) => superuser.pool.query(sql, params);
    await edit("CREATE TABLE kept_keys AS SELECT * FROM control_plane.deployment_keys");
    await edit("CREATE TABLE kept_wraps AS SELECT * FROM control_plane.deployment_key_wraps");
    for (const purpose of ["integrity", "token", "signing"] as const) {
      const forged = SecretKey.generate();
      const place = { deployment, tenant: deployment, purpose, term: 1 };
      const wrap = await wrapKey(half.forger, forged, place);
      await edit("UPDATE control_plane.deployment_keys SET check_value = $2 WHERE purpose = $1", [
        purpose,
        forged.checkValue(),
      ]);
      await edit(
        "UPDATE control_plane.deployment_key_wraps SET opener = $2, provider = $3, wrapped = $4 WHERE purpose = $1",
        [purpose, wrap.opener, wrap.provider, wrap.wrapped],
      );
    }
    await expect(createKeyfoldServer({ db, provider, others: [half.provider] })).rejects.toMatchObject({
      problem: "damaged",
    });
  } finally {
    await superuser.pool.query(
      `DELETE FROM control_plane.deployment_key_wraps; DELETE FROM control_plane.deployment_keys;
       INSERT INTO control_plane.deployment_keys SELECT * FROM kept_keys;
       INSERT INTO control_plane.deployment_key_wraps SELECT * FROM kept_wraps; DROP TABLE kept_keys, kept_wraps`,
    );
    await superuser.close();
  }
  expect((await createKeyfoldServer({ db, provider, others: [half.provider] })).deployment.id).toBe(
    deployment,
  );
});

test("a root key whose other half is public is none for a deployment", async () => {
  const half = await halfPublic();
  await expect(
    createKeyfoldServer({ db, provider: half.provider, others: [provider] }),
  ).rejects.toMatchObject({ problem: "wrong_root_key", message: expect.stringContaining(half.id) });
});
