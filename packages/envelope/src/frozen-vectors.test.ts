import { describe, expect, test } from "vitest";
import { unsafelyExportKey } from "./key.ts";
import { encryptKey } from "./key-cipher.ts";
import { localRootKey } from "./local-provider.ts";
import { dekWrapAad, keyWrapAad, valueAad } from "./place.ts";
import { unwrapKey } from "./provider.ts";
import { fromHex, frozenVectors, keyFromHex } from "./testing/frozen-vectors.ts";
import { refusalOf } from "./testing/refusal.ts";
import { openValue, unsafelySealValueWith } from "./value.ts";
import { frameWrap, unwrapDek, WRAP_SUITE } from "./wrap.ts";

// What a release has sealed, every later release opens: these bytes never change. If a test here fails, the code is
// wrong, not the vectors.
describe.each(frozenVectors.cases)("frozen vector: $name", (vector) => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

  test("opens from the root key down to the value", async () => {
    const provider = localRootKey(keyFromHex(vector.root_key));
    expect((await provider.current()).id).toBe(vector.key_place.opener);
    const tenantKey = await unwrapKey(provider, fromHex(vector.key_wrap), vector.key_place);
    expect(hex(unsafelyExportKey(tenantKey))).toBe(vector.tenant_key);
    const dek = unwrapDek(fromHex(vector.dek_wrap), tenantKey, vector.dek_place);
    expect(hex(unsafelyExportKey(dek))).toBe(vector.dek);
    expect(hex(openValue(fromHex(vector.sealed), dek, vector.value_place))).toBe(vector.plaintext);
  });

  test("is encoded today to the very same bytes", () => {
    const sealed = fromHex(vector.sealed);
    expect(hex(valueAad(sealed.subarray(0, 66), vector.value_place))).toBe(vector.value_aad);
    const saltAndNonce = Buffer.concat([sealed.subarray(2, 34), sealed.subarray(66, 78)]);
    const again = unsafelySealValueWith(
      fromHex(vector.plaintext),
      vector.value_place,
      keyFromHex(vector.dek),
      saltAndNonce,
    );
    expect(hex(again)).toBe(vector.sealed);

    const dekAad = dekWrapAad(WRAP_SUITE, vector.dek_place);
    expect(hex(dekAad)).toBe(vector.dek_aad);
    const dekNonce = fromHex(vector.dek_wrap).subarray(2, 14);
    const dekBody = encryptKey(fromHex(vector.dek), keyFromHex(vector.tenant_key), dekAad, dekNonce);
    expect(hex(frameWrap(dekBody))).toBe(vector.dek_wrap);

    const keyAad = keyWrapAad(WRAP_SUITE, vector.key_place);
    expect(hex(keyAad)).toBe(vector.key_aad);
    const keyNonce = fromHex(vector.key_wrap).subarray(2, 14);
    const keyBody = encryptKey(fromHex(vector.tenant_key), keyFromHex(vector.root_key), keyAad, keyNonce);
    expect(hex(frameWrap(keyBody))).toBe(vector.key_wrap);
  });
});

test.each(frozenVectors.refused)(
  "frozen vector that must be refused: $name",
  ({ sealed, dek, value_place, error }) => {
    expect(refusalOf(() => openValue(fromHex(sealed), keyFromHex(dek), value_place))).toBe(error);
  },
);
