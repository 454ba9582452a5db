import { ml_kem768_x25519 as noble } from "@noble/post-quantum/hybrid.js";
import { describe, expect, test } from "vitest";
import { unsafelyExportKey } from "../key.ts";
import { encryptKey } from "../key-cipher.ts";
import { localRootKey } from "../local-provider.ts";
import { keyWrapAad } from "../place.ts";
import { unwrapKey } from "../provider.ts";
import { frozenHybridVectors } from "../testing/frozen-hybrid-vectors.ts";
import { fromHex, keyFromHex } from "../testing/frozen-vectors.ts";
import { asyncRefusalOf } from "../testing/refusal.ts";
import { HYBRID_WRAP_SUITE } from "../wrap.ts";
import { assembleHybrid, hybridOpener } from "./hybrid-wrap.ts";
import { XWingPrivateKey } from "./x-wing.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const NONCE_AT = 2 + 1120;
const PART_AT = 2 + 1180;

// What a release has wrapped, every later release opens: these bytes never change.
describe.each(frozenHybridVectors.cases)("frozen hybrid vector: $name", (vector) => {
  const provider = localRootKey(keyFromHex(vector.root_key));
  const hybrid = new XWingPrivateKey(keyFromHex(vector.hybrid_seed));

  test("opens with root key and seed, which its opener names", async () => {
    expect(hex(hybrid.publicKey.bytes)).toBe(vector.public_key);
    expect(hybridOpener((await provider.current()).id, hybrid.publicKey)).toBe(vector.key_place.opener);
    const key = await unwrapKey(provider, fromHex(vector.key_wrap), vector.key_place, hybrid);
    expect(hex(key.checkValue())).toBe(vector.tenant_key_check);
    expect(hex(unsafelyExportKey(key))).toBe(vector.tenant_key);
  });

  test("is encoded today to the very same bytes", () => {
    const aad = keyWrapAad(HYBRID_WRAP_SUITE, vector.key_place);
    expect(hex(aad)).toBe(vector.key_aad);
    const { cipherText, sharedSecret } = noble.encapsulate(
      fromHex(vector.public_key),
      fromHex(vector.encapsulation_randomness),
    );
    expect(hex(sharedSecret)).toBe(vector.x_wing_secret);
    const wrap = fromHex(vector.key_wrap);
    const wrappedPart = encryptKey(
      fromHex(vector.part),
      keyFromHex(vector.root_key),
      aad,
      wrap.subarray(PART_AT, PART_AT + 12),
    );
    const made = {
      shared: Buffer.from(sharedSecret),
      ciphertext: cipherText,
      part: fromHex(vector.part),
      wrappedPart,
    };
    const again = assembleHybrid(
      fromHex(vector.tenant_key),
      aad,
      made,
      wrap.subarray(NONCE_AT, NONCE_AT + 12),
    );
    expect(hex(again)).toBe(vector.key_wrap);
  });
});

test.each(frozenHybridVectors.refused)("frozen hybrid vector that must be refused: $name", async (vector) => {
  const provider = localRootKey(keyFromHex(vector.root_key));
  const hybrid = new XWingPrivateKey(keyFromHex(vector.hybrid_seed));
  const open = () => unwrapKey(provider, fromHex(vector.key_wrap), vector.key_place, hybrid);
  expect(await asyncRefusalOf(open)).toBe(vector.error);
});
