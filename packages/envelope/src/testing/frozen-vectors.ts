import { readFileSync } from "node:fs";
import { SecretKey } from "../key.ts";
import type { DekPlace, KeyPlace, ValuePlace } from "../place.ts";

/** `vectors/envelope-v1.json`: bytes are lower-case hex, places are as in `place.ts`. */
export interface FrozenVectors {
  cases: {
    name: string;
    root_key: string;
    key_place: KeyPlace;
    key_aad: string;
    key_wrap: string;
    tenant_key: string;
    tenant_key_check: string;
    dek_place: DekPlace;
    dek_aad: string;
    dek_wrap: string;
    dek: string;
    value_place: ValuePlace;
    value_aad: string;
    sealed: string;
    plaintext: string;
  }[];
  refused: { name: string; error: string; dek: string; value_place: ValuePlace; sealed: string }[];
  derived: { key: string; check: string; info: string; context: string; derived_check: string };
}

export const frozenVectors: FrozenVectors = JSON.parse(
  readFileSync(new URL("../../vectors/envelope-v1.json", import.meta.url), "utf8"),
);

export const fromHex = (hex: string): Buffer => Buffer.from(hex, "hex");
export const keyFromHex = (hex: string): SecretKey => SecretKey.fromBytes(fromHex(hex));
