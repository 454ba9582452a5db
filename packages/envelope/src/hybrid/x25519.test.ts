import { expect, test } from "vitest";
import { fromHex } from "../testing/frozen-vectors.ts";
import { refusalOf } from "../testing/refusal.ts";
import { sharedVectors } from "../testing/shared-vectors.ts";
import { x25519, x25519PrivateKey, x25519PublicKey } from "./x25519.ts";

interface Wycheproof {
  testGroups: {
    tests: { tcId: number; public: string; private: string; shared: string; flags: string[] }[];
  }[];
}

const ZERO = "00".repeat(32);

test("Wycheproof: every shared secret is the expected one, and one of zeros is refused", (context) => {
  const { testGroups } = sharedVectors<Wycheproof>(context, "wycheproof/x25519_test.json");
  const counted = { shared: 0, refused: 0 };
  for (const { tests } of testGroups)
    for (const vector of tests) {
      const agree = () =>
        x25519(x25519PrivateKey(fromHex(vector.private)), x25519PublicKey(fromHex(vector.public)));
      if (vector.shared === ZERO) {
        expect(refusalOf(agree), `test ${vector.tcId}`).toBe("not_authentic");
        counted.refused++;
      } else {
        expect(agree().toString("hex"), `test ${vector.tcId}`).toBe(vector.shared);
        counted.shared++;
      }
    }
  expect(counted.shared).toBeGreaterThan(400);
  expect(counted.refused).toBeGreaterThan(10);
});

test("keys of any other length than 32 bytes are malformed", () => {
  for (const length of [0, 31, 33]) {
    expect(refusalOf(() => x25519PrivateKey(Buffer.alloc(length)))).toBe("malformed");
    expect(refusalOf(() => x25519PublicKey(Buffer.alloc(length)))).toBe("malformed");
  }
});
