import { createSecretKey } from "node:crypto";
import { expect, test } from "vitest";
import { hkdfSha512 } from "./hkdf.ts";
import { fromHex } from "./testing/frozen-vectors.ts";
import { refusalOf } from "./testing/refusal.ts";
import { sharedVectors } from "./testing/shared-vectors.ts";

interface Wycheproof {
  testGroups: {
    tests: {
      tcId: number;
      ikm: string;
      salt: string;
      info: string;
      size: number;
      okm: string;
      result: "valid" | "invalid";
    }[];
  }[];
}

test("Wycheproof: HKDF-SHA-512 gives what it must, and refuses what is too long", (context) => {
  const { testGroups } = sharedVectors<Wycheproof>(context, "wycheproof/hkdf_sha512_test.json");
  const counted = { valid: 0, invalid: 0 };
  for (const { tcId, ikm, salt, info, size, okm, result } of testGroups.flatMap((group) => group.tests)) {
    const derive = () => hkdfSha512(createSecretKey(fromHex(ikm)), fromHex(salt), fromHex(info), size);
    if (result === "valid") expect(derive().toString("hex"), `test ${tcId}`).toBe(okm);
    else expect(refusalOf(derive), `test ${tcId}`).toBe("malformed");
    counted[result]++;
  }
  expect(counted.valid).toBeGreaterThan(70);
  expect(counted.invalid).toBeGreaterThan(0);
});

test("a length or an info beyond the limits is refused with a name", () => {
  const key = createSecretKey(Buffer.alloc(32, 1));
  const salt = Buffer.alloc(0);
  for (const length of [0, -1, 1.5, 255 * 64 + 1]) {
    expect(refusalOf(() => hkdfSha512(key, salt, "info", length))).toBe("malformed");
  }
  expect(refusalOf(() => hkdfSha512(key, salt, "x".repeat(1025), 32))).toBe("malformed");
});
