import { randomBytes } from "node:crypto";
import { connect } from "@keyfold/db";
import { createTestDatabase } from "@keyfold/db/testing";
import { localRootKey, type RootKeyProvider } from "@keyfold/envelope";
import { afterEach, expect, test } from "vitest";
import { createKeyfoldServer } from "../../server.ts";
import { callerOf, type House, openHouse } from "../../testing/house.ts";
import { toItsEnd } from "../../testing/keys.ts";
import { refusalOf } from "../../testing/refusal.ts";
import { deploymentExists } from "../deployment/deployment.ts";

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
        "Keep a recovery opener beside it, or accept that with KEYFOLD_ALLOW_SOLE_HSM=1.",
      ),
    });
    expect(await deploymentExists(db)).toBe(false);
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
  expect(house.logged.join("\n")).not.toContain("an HSM's key is the only root key");

  const accepting = callerOf(await house.another({ ...opened, allowSoleHsm: true }), house.operatorToken);
  expect(await toItsEnd(() => accepting.keys.retire({ opener: old }))).toMatchObject({ state: "done" });
  await house.another({ provider });
  expect(house.logged.join("\n")).toContain("an HSM's key is the only root key");
});
