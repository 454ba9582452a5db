import { expect, test } from "vitest";
import { fromHex } from "../testing/frozen-vectors.ts";
import { refusalOf } from "../testing/refusal.ts";
import { sharedVectors } from "../testing/shared-vectors.ts";
import {
  mlKemDecapsulate,
  mlKemEncapsulate,
  mlKemPrivateKey,
  mlKemPublicBytes,
  mlKemPublicKey,
} from "./ml-kem.ts";

interface Wycheproof {
  testGroups: {
    parameterSet: string;
    tests: {
      tcId: number;
      seed: string;
      ek: string;
      c: string;
      K: string;
      flags?: string[];
      result: "valid" | "invalid";
    }[];
  }[];
}

test("Wycheproof: seeds expand to their encapsulation keys", (context) => {
  const { testGroups } = sharedVectors<Wycheproof>(context, "wycheproof/mlkem_768_keygen_seed_test.json");
  let counted = 0;
  for (const { tests } of testGroups)
    for (const { tcId, seed, ek } of tests) {
      expect(mlKemPublicBytes(mlKemPrivateKey(fromHex(seed))).toString("hex"), `test ${tcId}`).toBe(ek);
      counted++;
    }
  expect(counted).toBeGreaterThanOrEqual(100);
});

test("Wycheproof: decapsulation gives what it must, and refuses seeds and ciphertexts of another length", (context) => {
  const { testGroups } = sharedVectors<Wycheproof>(context, "wycheproof/mlkem_768_test.json");
  const counted = { valid: 0, invalid: 0 };
  for (const { tests } of testGroups)
    for (const { tcId, seed, c, K, result } of tests) {
      const decapsulate = () => mlKemDecapsulate(mlKemPrivateKey(fromHex(seed)), fromHex(c));
      if (result === "valid") expect(decapsulate().toString("hex"), `test ${tcId}`).toBe(K);
      else expect(refusalOf(decapsulate), `test ${tcId}`).toBe("malformed");
      counted[result]++;
    }
  expect(counted.valid).toBeGreaterThan(100);
  expect(counted.invalid).toBeGreaterThan(0);
});

test("Wycheproof: encapsulation keys beyond the modulus or of another length are refused, all others taken", (context) => {
  const { testGroups } = sharedVectors<Wycheproof>(context, "wycheproof/mlkem_768_encaps_test.json");
  const counted = { valid: 0, invalid: 0 };
  for (const { tests } of testGroups)
    for (const { tcId, ek, result } of tests) {
      // Node draws the randomness of an encapsulation by itself: its outcome is tested beside noble's, in x-wing.test.ts.
      const outcome = refusalOf(() => mlKemEncapsulate(mlKemPublicKey(fromHex(ek))));
      expect(outcome, `test ${tcId}`).toBe(result === "valid" ? "opened" : "malformed");
      counted[result]++;
    }
  expect(counted.invalid).toBeGreaterThan(10);
});
