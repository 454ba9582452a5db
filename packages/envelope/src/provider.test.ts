import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { EnvelopeError } from "./error.ts";
import { SecretKey, unsafelyExportKey } from "./key.ts";
import { localRootKey } from "./local-provider.ts";
import type { KeyPlace } from "./place.ts";
import { type RootKeyProvider, unwrapKey, wrapKey } from "./provider.ts";
import { id, keyPlace } from "./testing/places.ts";
import { asyncRefusalOf } from "./testing/refusal.ts";
import { bitFlips, truncations } from "./testing/tampering.ts";

const provider = localRootKey(randomBytes(32));
const tenantKey = SecretKey.generate();
const made = await wrapKey(provider, tenantKey, keyPlace);
const place: KeyPlace = { ...keyPlace, opener: made.opener };
const refusal = (bytes: Uint8Array, at: KeyPlace = place) =>
  asyncRefusalOf(() => unwrapKey(provider, bytes, at));

describe("a tenant key under a local root key", () => {
  test("names its opener, and unwraps in its place to the same key", async () => {
    expect(made).toEqual({
      opener: expect.stringMatching(/^local:[0-9a-f]{16}$/),
      provider: "local",
      keyVersion: "1",
      suite: 1,
      wrapped: expect.any(Buffer),
    });
    expect(made.wrapped).toHaveLength(62);
    const unwrapped = await unwrapKey(provider, made.wrapped, place);
    expect(unsafelyExportKey(unwrapped)).toEqual(unsafelyExportKey(tenantKey));
  });

  test.each<[string, Partial<KeyPlace>]>([
    ["deployment", { deployment: id("9") }],
    ["tenant", { tenant: id("9") }],
    ["purpose", { purpose: "digest" }],
    ["purpose of the deployment", { purpose: "integrity", tenant: id("1") }],
    ["term", { term: 8 }],
  ])("refuses in another place: %s", async (_, other) => {
    expect(await refusal(made.wrapped, { ...place, ...other })).toBe("not_authentic");
  });

  test("refuses with any one bit flipped, cut at every length, and with a byte more", async () => {
    for (const { offset, flipped } of bitFlips(made.wrapped)) {
      expect(await refusal(flipped), `byte ${offset}`).toBe(offset < 2 ? "unsupported" : "not_authentic");
    }
    for (const cut of truncations(made.wrapped))
      expect(await refusal(cut), `${cut.length}`).toBe("malformed");
    expect(await refusal(Buffer.concat([made.wrapped, Buffer.of(0)]))).toBe("malformed");
  });

  // A start with the wrong root key must say which one is needed, instead of failing to decrypt everything.
  test("refuses another root key by name, and says both fingerprints", async () => {
    const other = localRootKey(randomBytes(32));
    const { id: otherId } = await other.current();
    const unwrap = unwrapKey(other, made.wrapped, place);
    await expect(unwrap).rejects.toMatchObject({
      code: "unknown_opener",
      message: `The key is wrapped under the root key ${made.opener}, but the root key here is ${otherId}.`,
    });
  });

  test("refuses where the row's opener was rewritten to name the other root key", async () => {
    const other = localRootKey(randomBytes(32));
    const { id: opener } = await other.current();
    expect(await asyncRefusalOf(() => unwrapKey(other, made.wrapped, { ...place, opener }))).toBe(
      "not_authentic",
    );
  });
});

test("the local provider is always healthy, and names the same key each time", async () => {
  const bytes = randomBytes(32);
  const twice = [localRootKey(Buffer.from(bytes)), localRootKey(Buffer.from(bytes))];
  const [first, second] = await Promise.all(twice.map((one) => one.current()));
  expect(first).toEqual(second);
  expect(first).toMatchObject({ provider: "local", keyVersion: "1" });
  expect(await twice[0]?.health()).toEqual({ ok: true });
});

test("the local provider zeroes the bytes that it takes over, and refuses weak ones", () => {
  const bytes = randomBytes(32);
  localRootKey(bytes);
  expect(bytes).toEqual(Buffer.alloc(32));
  expect(() => localRootKey(Buffer.alloc(32, 7))).toThrow(expect.objectContaining({ code: "bad_root_key" }));
});

test("the local provider neither wraps nor unwraps for an opener that it is not", async () => {
  const key = randomBytes(32);
  const aad = Buffer.from("aad");
  expect(await asyncRefusalOf(() => provider.wrap(key, aad, "local:0000000000000000"))).toBe(
    "unknown_opener",
  );
  expect(await asyncRefusalOf(() => provider.unwrap(key, aad, "local:0000000000000000"))).toBe(
    "unknown_opener",
  );
});

describe("what a provider does wrong", () => {
  const withFault = (fault: Partial<RootKeyProvider>): RootKeyProvider => ({ ...provider, ...fault });
  const leak = "request body: sk_test_not_a_real_key";

  test.each<[string, Partial<RootKeyProvider>, string]>([
    ["throws an error of its own", { wrap: () => Promise.reject(new Error(leak)) }, "provider_unavailable"],
    [
      "throws at once",
      {
        wrap: () => {
          throw new Error(leak);
        },
      },
      "provider_unavailable",
    ],
    ["cannot say its key", { current: () => Promise.reject(new Error(leak)) }, "provider_unavailable"],
    [
      "changed its key meanwhile",
      { wrap: () => Promise.reject(new EnvelopeError("unknown_opener")) },
      "unknown_opener",
    ],
    ["gives nothing", { wrap: async () => Buffer.alloc(0) }, "malformed"],
    ["gives too much", { wrap: async () => Buffer.alloc(8193) }, "malformed"],
    [
      "names its key badly",
      { current: async () => ({ id: "a b", provider: "x", keyVersion: "1" }) },
      "malformed",
    ],
  ])("while wrapping has a name and quotes nothing: it %s", async (_, fault, code) => {
    const failure = await wrapKey(withFault(fault), tenantKey, keyPlace).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code });
    expect(String(failure)).not.toContain(leak);
    expect(failure).not.toHaveProperty("cause");
  });

  test("while unwrapping has a name: a failure, and a key of the wrong length", async () => {
    const down = withFault({ unwrap: () => Promise.reject(new Error(leak)) });
    expect(await asyncRefusalOf(() => unwrapKey(down, made.wrapped, place))).toBe("provider_unavailable");
    const short = withFault({ unwrap: async () => Buffer.alloc(31) });
    expect(await asyncRefusalOf(() => unwrapKey(short, made.wrapped, place))).toBe("malformed");
  });

  test("leaves no exported key behind: the bytes it was handed are zeroes afterwards, also when it fails", async () => {
    const handed: Uint8Array[] = [];
    const keeping = (fail: boolean) =>
      withFault({
        wrap: async (key) => {
          handed.push(key);
          if (fail) throw new Error("no");
          return Buffer.alloc(60);
        },
      });
    await wrapKey(keeping(false), tenantKey, keyPlace);
    await wrapKey(keeping(true), tenantKey, keyPlace).catch(() => undefined);
    expect(handed.map((key) => Buffer.from(key).toString("hex"))).toEqual(["00".repeat(32), "00".repeat(32)]);
  });
});
