import { openHouse } from "@keyfold/secrets/testing";
import { expect, test } from "vitest";
import { recoverTenant } from "./recover.ts";

test("a tenant that lost its last token gets one from a start that names it, and a wrong name stops the start", async () => {
  const house = await openHouse();
  try {
    const { slug, caller } = await house.tenant("acme");
    await caller.secrets.create({ name: "KEY", value: "sk_test_kept" });
    const me = await caller.identity.get();
    await caller.tokens.revoke({ id: me.id });

    const printed = await recoverTenant(slug, house.server);
    const token = /kf_[\w-]+/.exec(printed)![0];
    expect(await house.as(token).secrets.reveal({ name: "KEY" })).toMatchObject({ value: "sk_test_kept" });
    await expect(recoverTenant("nobody", house.server)).rejects.toThrow(
      'KEYFOLD_RECOVER_TENANT names the tenant "nobody", and there is none of that slug.',
    );
  } finally {
    await house.close();
  }
});
