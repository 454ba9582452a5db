import { afterAll, beforeAll, describe, expect, type TestContext, test, vi } from "vitest";
import { pkcs11RootKey } from "./pkcs11.ts";
import { conform } from "./testing/conform.ts";
import { pkcs11Faults } from "./testing/pkcs11-faults.ts";
import { SOFTHSM_PIN, softHsm } from "./testing/softhsm.ts";

const token = "keyfold test";
/** A token that nobody in this process logs in to: on the other one a PIN is not looked at any more. */
const untouched = "keyfold untouched";
/** A token that one test uses alone. */
const lonely = "keyfold lonely";
let pkcs11: typeof import("pkcs11js");
let modulePath = "";
let missing: string | undefined;
let faults: ReturnType<typeof pkcs11Faults> | undefined;
let close = async () => {};

beforeAll(async () => {
  try {
    // Not above: without a compiler it is not there, and these tests are the only ones that need it.
    pkcs11 = (await import("pkcs11js")).default;
    ({ modulePath, close } = await softHsm(token, untouched, lonely));
  } catch (error) {
    missing = error instanceof Error ? error.message.split("\n")[0]! : "?";
    if (process.env.CI) throw new Error(missing);
    return;
  }
  makeKeys(token);
  makeKeys(lonely);
  faults = pkcs11Faults(pkcs11);
});
afterAll(async () => {
  faults?.restore();
  await close();
});

/** Keys of each kind on the token: one that is as it should be, and some that are not. */
function makeKeys(on: string): void {
  const module = new pkcs11.PKCS11();
  module.load(modulePath);
  module.C_Initialize();
  const slot = module.C_GetSlotList(true).find((one) => module.C_GetTokenInfo(one).label.trimEnd() === on)!;
  const session = module.C_OpenSession(slot, pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION);
  module.C_Login(session, pkcs11.CKU_USER, SOFTHSM_PIN);
  const make = (
    label: string,
    id: number,
    bytes: number,
    more: { extractable?: boolean; use?: boolean } = {},
  ) => {
    const { extractable = false, use = true } = more;
    module.C_GenerateKey(session, { mechanism: pkcs11.CKM_AES_KEY_GEN }, [
      { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
      { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_AES },
      { type: pkcs11.CKA_LABEL, value: label },
      { type: pkcs11.CKA_ID, value: Buffer.of(id) },
      { type: pkcs11.CKA_VALUE_LEN, value: bytes },
      { type: pkcs11.CKA_TOKEN, value: true },
      { type: pkcs11.CKA_PRIVATE, value: true },
      { type: pkcs11.CKA_SENSITIVE, value: true },
      { type: pkcs11.CKA_EXTRACTABLE, value: extractable },
      { type: pkcs11.CKA_ENCRYPT, value: use },
      { type: pkcs11.CKA_DECRYPT, value: use },
    ]);
  };
  make("root", 1, 32);
  make("extractable", 2, 32, { extractable: true });
  make("short", 3, 16);
  make("twice", 4, 32);
  make("twice", 5, 32);
  make("useless", 6, 32, { use: false });
  module.C_Finalize();
  module.close();
}

conform(
  {
    name: "pkcs11 (SoftHSM2)",
    make: (resilience) =>
      pkcs11RootKey({ modulePath, token, object: "root", pin: SOFTHSM_PIN, ...resilience }),
    service: {
      faults: ["failing", "hanging"],
      retryAfterMs: 0,
      start: (fault, requests) => faults?.start(fault, requests),
      heal: () => faults?.heal(),
    },
    secrets: [SOFTHSM_PIN],
  },
  () => missing,
);

describe("a key on a PKCS #11 token", () => {
  const needsSoftHsm = (context: TestContext) => {
    if (missing !== undefined) context.skip(missing);
  };
  const key = Buffer.alloc(32, 0x5a);
  const aad = Buffer.from("aad");
  const made = (more: object) =>
    pkcs11RootKey({ modulePath, token, object: "root", pin: SOFTHSM_PIN, retries: 0, ...more });

  test("is named by its token and label, and wraps to 60 bytes", async (context) => {
    needsSoftHsm(context);
    const provider = await made({});
    const { id } = await provider.current();
    expect(id).toBe("pkcs11:token=keyfold%20test;object=root");
    expect(await provider.wrap(key, aad, id)).toHaveLength(60);
  });

  test("is found by its id, too", async (context) => {
    needsSoftHsm(context);
    const provider = await made({ object: undefined, id: Buffer.of(1) });
    const { id } = await provider.current();
    expect(id).toBe("pkcs11:token=keyfold%20test;id=%01");
    expect(await provider.health()).toEqual({ ok: true });
    const both = await made({ object: "twice", id: Buffer.of(5) });
    expect(await both.health()).toEqual({ ok: true });
  });

  test.for<[string, object]>([
    ["could leave the token", { object: "extractable" }],
    ["has 128 bits only", { object: "short" }],
    ["is not the only one of its label", { object: "twice" }],
    ["may not encrypt", { object: "useless" }],
    ["is not there", { object: "nobody" }],
    ["has another id", { id: Buffer.of(9) }],
  ])("is not used where it %s", async ([, more], context) => {
    needsSoftHsm(context);
    const provider = await made(more);
    expect(await provider.health()).toEqual({
      ok: false,
      reason: "The key in the PKCS #11 token is disabled, destroyed, missing or not made for this.",
    });
  });

  test("cannot be asked where the token or the module is not there", async (context) => {
    needsSoftHsm(context);
    for (const more of [{ token: "nobody" }, { modulePath: "/nowhere/module.so" }]) {
      const provider = await made(more);
      const { id } = await provider.current();
      await expect(provider.wrap(key, aad, id)).rejects.toMatchObject({ code: "provider_unavailable" });
    }
  });

  // A token locks itself after a few wrong PINs, for every program that uses it.
  test("is asked for no more once its PIN was refused", async (context) => {
    needsSoftHsm(context);
    const logIn = vi.spyOn(pkcs11.PKCS11.prototype, "C_Login");
    const provider = await made({ token: untouched, pin: "wrong", retries: 3 });
    const { id } = await provider.current();
    for (let times = 0; times < 5; times++)
      await expect(provider.wrap(key, aad, id)).rejects.toMatchObject({
        message:
          "The PKCS #11 token does not permit this: the credentials are wrong, or lack a right on the key.",
      });
    expect(await provider.health()).toMatchObject({ ok: false });
    expect(logIn).toHaveBeenCalledOnce();
    logIn.mockRestore();
  });

  // With its last session a token forgets who logged in. When each of a provider's sessions was closed over a refused
  // wrap, the next call found no key, and a wrap that is not authentic became a service that does not answer.
  test("stays logged in when every session meets a refused wrap at once", async (context) => {
    needsSoftHsm(context);
    const calls: string[] = [];
    const observe = ({ outcome }: { outcome: string }) => calls.push(outcome);
    const provider = await made({ token: lonely, observe });
    const { id } = await provider.current();
    calls.length = 0;
    for (let round = 0; round < 3; round++) {
      const refused = Array.from({ length: 8 }, () =>
        provider.unwrap(Buffer.alloc(60, 7), aad, id).catch(({ code }: { code: string }) => code),
      );
      expect(await Promise.all(refused)).toEqual(Array(8).fill("not_authentic"));
    }
    expect(calls).toEqual(Array(24).fill("not_authentic"));
  });

  test("does not keep many callers from each other's answers when some are refused", async (context) => {
    needsSoftHsm(context);
    const provider = await made({});
    const { id } = await provider.current();
    const wrapped = await provider.wrap(key, aad, id);
    const asked = Array.from({ length: 40 }, (_, index) =>
      provider.unwrap(wrapped, index % 2 ? aad : Buffer.from("other"), id).then(
        (back) => back.equals(key),
        (error: { code?: string }) => error.code,
      ),
    );
    expect(await Promise.all(asked)).toEqual(asked.map((_, index) => (index % 2 ? true : "not_authentic")));
  });
});

test.each([{ modulePath: "" }, { token: "" }, { object: undefined }])(
  "settings that name no key are refused: %j",
  async (wrong) => {
    const settings = { modulePath: "/m.so", token: "t", object: "o", pin: "p", ...wrong };
    await expect(pkcs11RootKey(settings as never)).rejects.toMatchObject({ code: "bad_root_key" });
  },
);
