import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { ml_kem768_x25519 as XWing } from "@noble/post-quantum/hybrid.js";
import { describe, expect, test } from "vitest";
import { SecretKey } from "../key.ts";
import { fromHex, keyFromHex } from "../testing/frozen-vectors.ts";
import { refusalOf } from "../testing/refusal.ts";
import { sharedVectors } from "../testing/shared-vectors.ts";
import { truncations } from "../testing/tampering.ts";
import { XWingPrivateKey, XWingPublicKey } from "./x-wing.ts";

interface Vector {
  seed: string;
  eseed: string;
  ss: string;
  pk: string;
  ct: string;
}

test("the draft's vectors: public key and shared secret are its bytes", (context) => {
  const vectors = sharedVectors<Vector[]>(context, "x-wing/x-wing.json");
  expect(vectors.length).toBeGreaterThan(0);
  for (const { seed, eseed, pk, ct, ss } of vectors) {
    const key = new XWingPrivateKey(keyFromHex(seed));
    expect(key.publicKey.bytes.toString("hex")).toBe(pk);
    expect(key.decapsulate(fromHex(ct)).toString("hex")).toBe(ss);
    // Node draws an encapsulation's randomness by itself; noble, which takes it, stands in for that half.
    const { cipherText } = XWing.encapsulate(fromHex(pk), fromHex(eseed));
    expect(Buffer.from(cipherText).toString("hex")).toBe(ct);
  }
});

describe("beside @noble/post-quantum", () => {
  const pairs = Array.from({ length: 10 }, () => {
    const seed = randomBytes(32);
    return {
      noble: XWing.keygen(Uint8Array.from(seed)),
      ours: new XWingPrivateKey(SecretKey.fromBytes(seed)),
    };
  });

  test("the same seed gives the same public key", () => {
    for (const { noble, ours } of pairs) expect(ours.publicKey.bytes.equals(noble.publicKey)).toBe(true);
  });

  test("what noble encapsulates, decapsulates here to the same secret", () => {
    for (const { noble, ours } of pairs) {
      const { cipherText, sharedSecret } = XWing.encapsulate(noble.publicKey);
      expect(ours.decapsulate(cipherText).equals(sharedSecret)).toBe(true);
    }
  });

  test("what is encapsulated here, noble decapsulates to the same secret", () => {
    for (const { noble, ours } of pairs) {
      const { ciphertext, shared } = new XWingPublicKey(ours.publicKey.bytes).encapsulate();
      expect(shared.equals(XWing.decapsulate(ciphertext, noble.secretKey))).toBe(true);
    }
  });

  test("a changed ciphertext gives both the same other secret", () => {
    const { noble, ours } = pairs[0]!;
    const { ciphertext, shared } = ours.publicKey.encapsulate();
    for (const at of [0, 500, 1087, 1088, 1119]) {
      const changed = Buffer.from(ciphertext);
      changed[at]! ^= 1;
      const other = ours.decapsulate(changed);
      expect(other.equals(XWing.decapsulate(changed, noble.secretKey)), `byte ${at}`).toBe(true);
      expect(other.equals(shared), `byte ${at}`).toBe(false);
    }
  });
});

describe("bad input", () => {
  const key = new XWingPrivateKey(SecretKey.generate());
  const { ciphertext } = key.publicKey.encapsulate();

  test("a ciphertext of any other length is malformed", () => {
    for (const cut of truncations(ciphertext))
      expect(refusalOf(() => key.decapsulate(cut))).toBe("malformed");
    const longer = Buffer.concat([ciphertext, Buffer.of(0)]);
    expect(refusalOf(() => key.decapsulate(longer))).toBe("malformed");
  });

  test("a point of low order is refused", () => {
    const low = Buffer.concat([ciphertext.subarray(0, 1088), Buffer.alloc(32)]);
    expect(refusalOf(() => key.decapsulate(low))).toBe("not_authentic");
  });

  test("a public key of another length, or beyond the modulus, is malformed", () => {
    const { bytes } = key.publicKey;
    for (const bad of [bytes.subarray(1), Buffer.concat([bytes, Buffer.of(0)]), Buffer.alloc(0)])
      expect(refusalOf(() => new XWingPublicKey(bad))).toBe("malformed");
    const beyond = Buffer.from(bytes);
    beyond.fill(0xff, 0, 3);
    expect(refusalOf(() => new XWingPublicKey(beyond))).toBe("malformed");
  });
});

test("a seed has one fingerprint, another seed another, and neither key prints its bytes", () => {
  const [one, again, other] = ["11", "11", "22"].map(
    (byte) => new XWingPrivateKey(keyFromHex(byte.repeat(32))),
  );
  expect(one!.publicKey.id).toMatch(/^xwing:[0-9a-f]{16}$/);
  expect(again!.publicKey.id).toBe(one!.publicKey.id);
  expect(other!.publicKey.id).not.toBe(one!.publicKey.id);
  expect(`${one} ${JSON.stringify(one)} ${inspect(one)}`).toBe('[redacted] "[redacted]" [redacted]');
});
