import { randomBytes } from "node:crypto";
import { connect } from "@keyfold/db";
import { createTestDatabase } from "@keyfold/db/testing";
import { localRootKey, type RootKeyProvider } from "@keyfold/envelope";
import { afterEach, expect, test } from "vitest";
import { createKeyfoldServer } from "../../server.ts";
import { callerOf, type House, openHouse } from "../../testing/house.ts";
import { toItsEnd } from "../../testing/keys.ts";
import { refusalOf } from "../../testing/refusal.ts";
import { neededRootKeys } from "../deployment/needed.ts";

let house: House | undefined;
afterEach(async () => {
  await house?.close();
  house = undefined;
});

/** A root key that says it is an HSM's. (The real one, SoftHSM2, has its tests in packages/providers.) */
function hsm(): RootKeyProvider {
  const key = localRootKey(randomBytes(32));
  return {
    ...key,
    kind: "pkcs11",
    current: async () => ({ ...(await key.current()), provider: "pkcs11" }),
    wrap: (...given) => key.wrap(...given),
    unwrap: (...given) => key.unwrap(...given),
    health: () => key.health(),
  };
}

test("a deployment does not begin with an HSM's key alone, unless that was accepted", async () => {
  const database = await createTestDatabase();
  const db = connect({ url: database.url });
  try {
    const begin = (allowSoleHsm: boolean) =>
      createKeyfoldServer({ db, provider: hsm(), mayCreate: true, process: false, allowSoleHsm });
    await expect(begin(false)).rejects.toMatchObject({
      problem: "sole_hsm",
      message: expect.stringContaining(
        "Keep a recovery opener beside it, under which every key is wrapped, or accept that with KEYFOLD_ALLOW_SOLE_HSM=1.",
      ),
    });
    expect(await neededRootKeys(db)).toBe(null);
    expect((await begin(true)).deployment.created).toBe(true);
  } finally {
    await db.close();
    await database.drop();
  }
});

test("the last root key beside an HSM's is not retired, unless that was accepted; and each start says so", async () => {
  house = await openHouse();
  const provider = hsm();
  const old = (await house.provider.current()).id;
  const opened = { provider, others: [house.provider] };
  const operator = callerOf(await house.another(opened), house.operatorToken);
  await toItsEnd(() => operator.keys.rotate({}));
  await toItsEnd(() => operator.keys.verify({}));
  const refused = await refusalOf(operator.keys.retire({ opener: old }));
  expect([refused.code, refused.message]).toEqual([
    "illegal_state",
    expect.stringMatching(/^The HSM's key .+ would be the only root key left\. Its key cannot be copied/),
  ]);
  expect(house.logged.join("\n")).not.toContain("nothing but an HSM's key opens some of the keys");

  const accepting = callerOf(await house.another({ ...opened, allowSoleHsm: true }), house.operatorToken);
  expect(await toItsEnd(() => accepting.keys.retire({ opener: old }))).toMatchObject({ state: "done" });
  await house.another({ provider });
  expect(house.logged.join("\n")).toContain("nothing but an HSM's key opens some of the keys");
});

test("another root key that wraps only some keys is no recovery opener: one more that wraps the rest is", async () => {
  house = await openHouse();
  const [provider, recovery] = [hsm(), localRootKey(randomBytes(32))];
  const old = (await house.provider.current()).id;
  const opened = { provider, others: [house.provider, recovery] };
  // The deployment's own keys open with the recovery key, as they do with a region's; the tenants' do not.
  const first = callerOf(
    await house.another({ provider: recovery, others: [house.provider] }),
    house.operatorToken,
  );
  await house.tenant("acme");
  await toItsEnd(() => first.keys.rotate({}));
  await house.another(opened);
  const operator = callerOf(await house.another(opened), house.operatorToken);
  await toItsEnd(() => operator.keys.rotate({}));
  // Made under the HSM's key alone.
  await operator.tenants.create({ slug: "late" });
  await toItsEnd(() => operator.keys.verify({}));
  expect((await refusalOf(operator.keys.retire({ opener: old }))).message).toContain(
    "would be the only root key",
  );
  await house.another(opened);
  expect(house.logged.join("\n")).toContain("nothing but an HSM's key opens some of the keys");

  // With the recovery key as an additional opener, that tenant's next terms open with it too.
  const both = callerOf(
    await house.another({ provider, others: [house.provider], also: [recovery] }),
    house.operatorToken,
  );
  await toItsEnd(() => both.keys.reEncrypt({ tenant: "late", digests: true }));
  await toItsEnd(() => both.keys.verify({}));
  expect(await toItsEnd(() => both.keys.retire({ opener: old }))).toMatchObject({ state: "done" });
});
