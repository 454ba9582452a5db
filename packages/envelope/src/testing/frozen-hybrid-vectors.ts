import { readFileSync } from "node:fs";
import type { KeyPlace } from "../place.ts";

/** `vectors/hybrid-v1.json`: bytes are lower-case hex, places are as in `place.ts`. */
interface FrozenHybridVectors {
  cases: {
    name: string;
    root_key: string;
    hybrid_seed: string;
    public_key: string;
    encapsulation_randomness: string;
    x_wing_secret: string;
    part: string;
    key_place: KeyPlace;
    key_aad: string;
    key_wrap: string;
    tenant_key: string;
    tenant_key_check: string;
  }[];
  refused: {
    name: string;
    error: string;
    root_key: string;
    hybrid_seed: string;
    key_place: KeyPlace;
    key_wrap: string;
  }[];
}

export const frozenHybridVectors: FrozenHybridVectors = JSON.parse(
  readFileSync(new URL("../../vectors/hybrid-v1.json", import.meta.url), "utf8"),
);
