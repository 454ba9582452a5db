import { createSecretKey } from "node:crypto";
import { expect, test } from "vitest";
import { aesGcmDecrypt, aesGcmEncrypt } from "./aes-gcm.ts";
import { fromHex } from "./testing/frozen-vectors.ts";
import { refusalOf } from "./testing/refusal.ts";
import { sharedVectors } from "./testing/shared-vectors.ts";

interface Wycheproof {
  testGroups: {
    keySize: number;
    ivSize: number;
    tagSize: number;
    tests: {
      tcId: number;
      key: string;
      iv: string;
      aad: string;
      msg: string;
      ct: string;
      tag: string;
      result: "valid" | "invalid";
    }[];
  }[];
}

test("Wycheproof: 256-bit keys, 96-bit nonces and 128-bit tags give what they must; all other sizes are refused", (context) => {
  const { testGroups } = sharedVectors<Wycheproof>(context, "wycheproof/aes_gcm_test.json");
  const counted = { valid: 0, invalid: 0, refused: 0 };
  for (const group of testGroups) {
    const ours = group.keySize === 256 && group.ivSize === 96 && group.tagSize === 128;
    for (const { tcId, key, iv, aad, msg, ct, tag, result } of group.tests) {
      const secret = createSecretKey(fromHex(key));
      const encrypt = () => aesGcmEncrypt(secret, fromHex(iv), fromHex(aad), fromHex(msg));
      const decrypt = () => aesGcmDecrypt(secret, fromHex(iv), fromHex(aad), fromHex(ct), fromHex(tag));
      if (!ours) {
        expect(refusalOf(decrypt), `test ${tcId}`).toBe("malformed");
        if (group.tagSize === 128) expect(refusalOf(encrypt), `test ${tcId}`).toBe("malformed");
        counted.refused++;
      } else if (result === "valid") {
        const made = encrypt();
        expect(made.ciphertext.toString("hex") + made.tag.toString("hex"), `test ${tcId}`).toBe(ct + tag);
        expect(decrypt().toString("hex"), `test ${tcId}`).toBe(msg);
        counted.valid++;
      } else {
        expect(refusalOf(decrypt), `test ${tcId}`).toBe("not_authentic");
        counted.invalid++;
      }
    }
  }
  expect(counted.valid).toBeGreaterThan(30);
  expect(counted.invalid).toBeGreaterThan(20);
  expect(counted.refused).toBeGreaterThan(200);
});

// Node takes tags of 4, 8 and 12 to 15 bytes unless it is told otherwise: each byte less makes a forgery 256 times easier.
test("a tag of any length but 16 bytes is refused, also where it is a true beginning of the tag", () => {
  const key = createSecretKey(Buffer.alloc(32, 1));
  const nonce = Buffer.alloc(12, 2);
  const aad = Buffer.from("place");
  const { ciphertext, tag } = aesGcmEncrypt(key, nonce, aad, Buffer.from("value"));
  expect(aesGcmDecrypt(key, nonce, aad, ciphertext, tag).toString()).toBe("value");
  for (let length = 0; length < 16; length++) {
    const short = tag.subarray(0, length);
    expect(refusalOf(() => aesGcmDecrypt(key, nonce, aad, ciphertext, short))).toBe("malformed");
  }
  const long = Buffer.concat([tag, Buffer.of(0)]);
  expect(refusalOf(() => aesGcmDecrypt(key, nonce, aad, ciphertext, long))).toBe("malformed");
});
