// Wrote hybrid-v1.json, once: wrap suite 2. The file is frozen, as envelope-v1.json is; see generate.ts. Encapsulation is
// noble's, which takes its randomness: here the SHA-256 of texts.
//
//   node vectors/generate-hybrid.ts
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { ml_kem768_x25519 as xWing } from "@noble/post-quantum/hybrid.js";
import { assembleHybrid, hybridOpener } from "../src/hybrid/hybrid-wrap.ts";
import { XWingPrivateKey } from "../src/hybrid/x-wing.ts";
import { SecretKey } from "../src/key.ts";
import { encryptKey } from "../src/key-cipher.ts";
import { localRootKey } from "../src/local-provider.ts";
import { type KeyPlace, keyWrapAad } from "../src/place.ts";
import { HYBRID_WRAP_SUITE } from "../src/wrap.ts";

const bytes = (text: string, length = 32) =>
  createHash("sha256").update(`keyfold test vector: ${text}`).digest().subarray(0, length);
const key = (text: string) => SecretKey.fromBytes(bytes(text));
const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");
const uuid = (text: string) =>
  hex(bytes(text, 16)).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

interface Wish {
  name: string;
  root: string;
  seed: string;
  purpose: "value" | "digest";
  term: number;
}

const wishes: Wish[] = [
  {
    name: "a tenant key of the first term",
    root: "root key 1",
    seed: "hybrid seed 1",
    purpose: "value",
    term: 1,
  },
  { name: "under another root key", root: "root key 2", seed: "hybrid seed 1", purpose: "value", term: 1 },
  { name: "to another hybrid seed", root: "root key 1", seed: "hybrid seed 2", purpose: "value", term: 1 },
  {
    name: "a digest key, at the highest term",
    root: "root key 2",
    seed: "hybrid seed 2",
    purpose: "digest",
    term: 0xffff_ffff,
  },
];

async function makeCase({ name, root, seed, purpose, term }: Wish) {
  const { id } = await localRootKey(key(root)).current();
  const { publicKey } = new XWingPrivateKey(key(seed));
  const place: KeyPlace = {
    deployment: uuid("deployment"),
    tenant: uuid("tenant"),
    purpose,
    term,
    opener: hybridOpener(id, publicKey),
  };
  const aad = keyWrapAad(HYBRID_WRAP_SUITE, place);
  const randomness = Buffer.concat([
    bytes(`ML-KEM randomness of ${name}`),
    bytes(`X25519 randomness of ${name}`),
  ]);
  const { cipherText, sharedSecret } = xWing.encapsulate(publicKey.bytes, randomness);
  const part = bytes(`part of ${name}`);
  const tenantKey = bytes(`tenant key of ${name}`);
  return {
    name,
    root_key: hex(bytes(root)),
    hybrid_seed: hex(bytes(seed)),
    public_key: hex(publicKey.bytes),
    encapsulation_randomness: hex(randomness),
    x_wing_secret: hex(sharedSecret),
    part: hex(part),
    key_place: place,
    key_aad: hex(aad),
    key_wrap: hex(
      assembleHybrid(
        tenantKey,
        aad,
        {
          shared: Buffer.from(sharedSecret),
          ciphertext: cipherText,
          part: Buffer.from(part),
          wrappedPart: encryptKey(part, key(root), aad, bytes(`part nonce of ${name}`, 12)),
        },
        bytes(`key nonce of ${name}`, 12),
      ),
    ),
    tenant_key: hex(tenantKey),
    tenant_key_check: hex(SecretKey.fromBytes(tenantKey).checkValue()),
  };
}

const cases = await Promise.all(wishes.map(makeCase));
const [first, otherRoot, otherSeed] = cases as [
  (typeof cases)[number],
  (typeof cases)[number],
  (typeof cases)[number],
];

function changed(name: string, error: string, change: Partial<typeof first> = {}) {
  const { root_key, hybrid_seed, key_place, key_wrap } = { ...first, ...change };
  return { name, error, root_key, hybrid_seed, key_place, key_wrap };
}
function at(offset: number, to = Number.parseInt(first.key_wrap.slice(offset * 2, offset * 2 + 2), 16) ^ 1) {
  const wrap = Buffer.from(first.key_wrap, "hex");
  wrap[offset] = to;
  return { key_wrap: hex(wrap) };
}

const refused = [
  changed("another format", "unsupported", at(0, 2)),
  changed("suite 1", "unsupported", at(1, 1)),
  changed("a changed ML-KEM ciphertext", "not_authentic", at(2)),
  changed("a changed X25519 point", "not_authentic", at(2 + 1088)),
  changed("a changed nonce", "not_authentic", at(2 + 1120)),
  changed("a changed key", "not_authentic", at(2 + 1132)),
  changed("a changed tag", "not_authentic", at(2 + 1164)),
  changed("a changed part", "not_authentic", at(2 + 1180)),
  changed("another term", "not_authentic", { key_place: { ...first.key_place, term: 2 } }),
  changed("another root key", "unknown_opener", { root_key: otherRoot.root_key }),
  changed("another hybrid seed", "unknown_opener", { hybrid_seed: otherSeed.hybrid_seed }),
  changed("an opener that names no hybrid seed", "unknown_opener", {
    key_place: { ...first.key_place, opener: first.key_place.opener.split("+")[0]! },
  }),
  changed("no room for a part", "malformed", { key_wrap: first.key_wrap.slice(0, 2 * 1182) }),
];

const about =
  "Envelope v1, wrap suite 2, frozen. docs/envelope-v1.md says what the fields mean. No key here was ever used.";
const file = new URL("./hybrid-v1.json", import.meta.url);
writeFileSync(file, `${JSON.stringify({ about, cases, refused }, null, 2)}\n`, { flag: "wx" });
