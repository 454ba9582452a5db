import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { SecretKey, unsafelyExportKey } from "../key.ts";
import { localRootKey } from "../local-provider.ts";
import type { KeyPlace } from "../place.ts";
import { type RootKeyProvider, unwrapKey, wrapKey } from "../provider.ts";
import { id, keyPlace } from "../testing/places.ts";
import { asyncRefusalOf } from "../testing/refusal.ts";
import { hybridOpener, splitHybridOpener } from "./hybrid-wrap.ts";
import { XWingPrivateKey } from "./x-wing.ts";

const provider = localRootKey(randomBytes(32));
const hybrid = new XWingPrivateKey(SecretKey.generate());
const otherHybrid = new XWingPrivateKey(SecretKey.generate());
const key = SecretKey.generate();
const made = await wrapKey(provider, key, keyPlace, hybrid.publicKey);
const place: KeyPlace = { ...keyPlace, opener: made.opener };
const open = (wrapped: Uint8Array, at: KeyPlace = place, by = provider, to: XWingPrivateKey = hybrid) =>
  unwrapKey(by, wrapped, at, to);
const refusal = (...args: Parameters<typeof open>) => asyncRefusalOf(() => open(...args));

describe("a hybrid wrap", () => {
  test("says suite 2, names root key and X-Wing key, has 1242 bytes under a local root key, and opens", async () => {
    const root = await provider.current();
    expect(made).toMatchObject({ suite: 2, provider: "local", opener: `${root.id}+${hybrid.publicKey.id}` });
    expect(made.wrapped.length).toBe(1242);
    expect(unsafelyExportKey(await open(made.wrapped))).toEqual(unsafelyExportKey(key));
  });

  test("differs each time it is made, in each of its parts", async () => {
    const again = await wrapKey(provider, key, keyPlace, hybrid.publicKey);
    for (const [from, to] of [
      [2, 1090],
      [1090, 1122],
      [1122, 1134],
      [1134, 1166],
      [1182, 1194],
    ])
      expect(again.wrapped.subarray(from, to)).not.toEqual(made.wrapped.subarray(from, to));
  });

  test.each<[string, Partial<KeyPlace>]>([
    ["deployment", { deployment: id("9") }],
    ["tenant", { tenant: id("9") }],
    ["purpose", { purpose: "digest" }],
    ["term", { term: 8 }],
  ])("refuses in another place: %s", async (_, other) => {
    expect(await refusal(made.wrapped, { ...place, ...other })).toBe("not_authentic");
  });

  test("refuses with a bit of any byte flipped", async () => {
    for (let offset = 0; offset < made.wrapped.length; offset++) {
      const flipped = Buffer.from(made.wrapped);
      flipped[offset]! ^= 1 << (offset & 7);
      expect(await refusal(flipped), `byte ${offset}`).toBe(offset < 2 ? "unsupported" : "not_authentic");
    }
  });

  test("refuses every other format and suite", async () => {
    for (let byte = 0; byte < 256; byte++)
      for (const offset of [0, 1]) {
        if (byte === made.wrapped[offset]) continue;
        const changed = Buffer.from(made.wrapped);
        changed[offset] = byte;
        expect(await refusal(changed)).toBe("unsupported");
      }
  });

  test("refuses cut at every length, and with bytes more", async () => {
    for (let length = 0; length < made.wrapped.length; length++)
      expect(await refusal(made.wrapped.subarray(0, length)), `${length}`).toBe("malformed");
    for (const more of [1, 60, 9000])
      expect(await refusal(Buffer.concat([made.wrapped, Buffer.alloc(more)]))).toBe("malformed");
  });

  test("refuses with parts of another wrap of the same key in the same place", async () => {
    const other = (await wrapKey(provider, key, keyPlace, hybrid.publicKey)).wrapped;
    for (const [from, to] of [
      [2, 1122],
      [2, 1182],
      [1122, 1182],
      [1182, 1242],
    ]) {
      const mixed = Buffer.from(made.wrapped);
      other.copy(mixed, from, from, to);
      expect(await refusal(mixed), `bytes ${from} to ${to}`).toBe("not_authentic");
    }
  });
});

describe("neither half opens alone", () => {
  test("the root key with another seed: refused by name, and refused by the bytes where the name is a lie", async () => {
    expect(await refusal(made.wrapped, place, provider, otherHybrid)).toBe("unknown_opener");
    const lie = Object.create(otherHybrid, { publicKey: { value: hybrid.publicKey } }) as XWingPrivateKey;
    lie.decapsulate = (ciphertext) => otherHybrid.decapsulate(ciphertext);
    expect(await refusal(made.wrapped, place, provider, lie)).toBe("not_authentic");
  });

  test("the seed with another root key: refused by name, and refused by the bytes where the part is guessed", async () => {
    expect(await refusal(made.wrapped, place, localRootKey(randomBytes(32)))).toBe("unknown_opener");
    const guess = { ...provider, unwrap: async () => randomBytes(32) } as RootKeyProvider;
    expect(await refusal(made.wrapped, place, guess)).toBe("not_authentic");
  });

  test("a wrap of one suite never opens as one of the other", async () => {
    expect(await asyncRefusalOf(() => unwrapKey(provider, made.wrapped, place))).toBe("unsupported");
    const plain = await wrapKey(provider, key, keyPlace);
    expect(await refusal(plain.wrapped, { ...place, opener: plain.opener })).toBe("unknown_opener");
    expect(await refusal(plain.wrapped)).toBe("unsupported");
  });
});

test("a provider that answers with a part of another length is refused", async () => {
  for (const length of [0, 31, 33]) {
    const odd = { ...provider, unwrap: async () => Buffer.alloc(length) } as RootKeyProvider;
    expect(await refusal(made.wrapped, place, odd)).toBe("malformed");
  }
  const nothing = { ...provider, wrap: async () => Buffer.alloc(0) } as RootKeyProvider;
  expect(await asyncRefusalOf(() => wrapKey(nothing, key, keyPlace, hybrid.publicKey))).toBe("malformed");
});

test("a provider that is away is named, and what it throws is not passed on", async () => {
  const away = {
    ...provider,
    unwrap: () => Promise.reject(new Error("quotes the request")),
  } as RootKeyProvider;
  expect(await refusal(made.wrapped, place, away)).toBe("provider_unavailable");
});

test("an opener of a hybrid wrap is taken apart as it was put together; others are none", () => {
  for (const root of ["local:ab12cd34ef56ab78", "aws-kms:arn:aws:kms:eu:1:key/x+y"]) {
    const opener = hybridOpener(root, hybrid.publicKey);
    expect(splitHybridOpener(opener)).toEqual({ root, hybrid: hybrid.publicKey.id });
  }
  const { id: fingerprint } = hybrid.publicKey;
  for (const none of ["local:ab12cd34ef56ab78", `+${fingerprint}`, fingerprint, "local:1+xwing:12", ""])
    expect(splitHybridOpener(none)).toBeUndefined();
});
