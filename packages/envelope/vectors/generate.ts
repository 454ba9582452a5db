// Wrote envelope-v1.json, once. The file is frozen: this refuses to overwrite it, and a new format gets a file of
// its own. Every key, salt and nonce is the SHA-256 (or its beginning) of a text, so that nobody takes one for real.
//
//   node vectors/generate.ts
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { SecretKey } from "../src/key.ts";
import { encryptKey } from "../src/key-cipher.ts";
import { localRootKey } from "../src/local-provider.ts";
import {
  type DekPlace,
  dekWrapAad,
  type KeyPlace,
  keyWrapAad,
  type ValuePlace,
  valueAad,
} from "../src/place.ts";
import { unsafelySealValueWith } from "../src/value.ts";
import { frameWrap, WRAP_SUITE } from "../src/wrap.ts";

const HEADER_BYTES = 66;
const bytes = (text: string, length = 32) =>
  createHash("sha256").update(`keyfold test vector: ${text}`).digest().subarray(0, length);
const key = (text: string) => SecretKey.fromBytes(bytes(text));
const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");
const uuid = (text: string) =>
  hex(bytes(text, 16)).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

interface Wish {
  name: string;
  root: string;
  term: number;
  version: number;
  plaintext: Uint8Array;
}

const wishes: Wish[] = [
  {
    name: "a short value",
    root: "root key 1",
    term: 1,
    version: 1,
    plaintext: Buffer.from("sk_test_not_a_real_key"),
  },
  { name: "an empty value", root: "root key 1", term: 1, version: 2, plaintext: Buffer.alloc(0) },
  { name: "one zero byte", root: "root key 1", term: 2, version: 3, plaintext: Buffer.alloc(1) },
  {
    name: "text beyond ASCII, under another root key",
    root: "root key 2",
    term: 3,
    version: 70_000,
    plaintext: Buffer.from("pässwörd-naïve-密码-🔑\n", "utf8"),
  },
  {
    name: "every byte, four times, at the highest term and version",
    root: "root key 2",
    term: 0xffff_ffff,
    version: Number.MAX_SAFE_INTEGER,
    plaintext: Uint8Array.from({ length: 1024 }, (_, index) => index & 0xff),
  },
];

async function makeCase({ name, root, term, version, plaintext }: Wish) {
  const opener = (await localRootKey(key(root)).current()).id;
  const valuePlace: ValuePlace = {
    deployment: uuid("deployment"),
    tenant: uuid("tenant"),
    project: uuid("project"),
    environment: uuid("environment"),
    secret: uuid(`secret of ${name}`),
    version,
  };
  const { deployment, tenant, secret } = valuePlace;
  const keyPlace: KeyPlace = { deployment, tenant, purpose: "value", term, opener };
  const dekPlace: DekPlace = { deployment, tenant, purpose: "value", term, secret, version };
  const tenantKey = `tenant key ${term}`;
  const dek = `dek of ${name}`;
  const sealed = unsafelySealValueWith(
    plaintext,
    valuePlace,
    key(dek),
    Buffer.concat([bytes(`salt of ${name}`), bytes(`nonce of ${name}`, 12)]),
  );
  const keyAad = keyWrapAad(WRAP_SUITE, keyPlace);
  const dekAad = dekWrapAad(WRAP_SUITE, dekPlace);
  return {
    name,
    root_key: hex(bytes(root)),
    key_place: keyPlace,
    key_aad: hex(keyAad),
    key_wrap: hex(
      frameWrap(encryptKey(bytes(tenantKey), key(root), keyAad, bytes(`key nonce of ${name}`, 12))),
    ),
    tenant_key: hex(bytes(tenantKey)),
    tenant_key_check: hex(key(tenantKey).checkValue()),
    dek_place: dekPlace,
    dek_aad: hex(dekAad),
    dek_wrap: hex(
      frameWrap(encryptKey(bytes(dek), key(tenantKey), dekAad, bytes(`dek nonce of ${name}`, 12))),
    ),
    dek: hex(bytes(dek)),
    value_place: valuePlace,
    value_aad: hex(valueAad(sealed.subarray(0, HEADER_BYTES), valuePlace)),
    sealed: hex(sealed),
    plaintext: hex(plaintext),
  };
}

const cases = await Promise.all(wishes.map(makeCase));
const [first, second] = cases as [(typeof cases)[number], (typeof cases)[number]];

function changed(name: string, error: string, change: Partial<typeof first>, at?: number, to?: string) {
  const sealed =
    at === undefined ? first.sealed : first.sealed.slice(0, at * 2) + to + first.sealed.slice(at * 2 + 2);
  return { name, error, dek: first.dek, value_place: first.value_place, sealed, ...change };
}

const refused = [
  changed("another format", "unsupported", {}, 0, "02"),
  changed("another suite", "unsupported", {}, 1, "02"),
  changed("a changed salt", "wrong_key", {}, 2, first.sealed.slice(4, 6) === "00" ? "01" : "00"),
  changed("a changed commitment", "wrong_key", {}, 34, first.sealed.slice(68, 70) === "00" ? "01" : "00"),
  changed("another DEK", "wrong_key", { dek: second.dek }),
  changed("a changed nonce", "not_authentic", {}, 66, first.sealed.slice(132, 134) === "00" ? "01" : "00"),
  changed("another secret", "not_authentic", { value_place: second.value_place }),
  changed("a tag without its last byte", "not_authentic", { sealed: first.sealed.slice(0, -2) }),
  changed("no room for a tag", "malformed", { sealed: first.sealed.slice(0, 93 * 2) }),
];

const derived = {
  key: hex(bytes("a key to derive from")),
  check: hex(key("a key to derive from").checkValue()),
  info: "example",
  context: "0102",
  derived_check: hex(key("a key to derive from").derive("example", Buffer.from("0102", "hex")).checkValue()),
};

const about =
  "Envelope v1, frozen. docs/envelope-v1.md says what the fields mean. No key here was ever used.";
const file = new URL("./envelope-v1.json", import.meta.url);
writeFileSync(file, `${JSON.stringify({ about, cases, refused, derived }, null, 2)}\n`, { flag: "wx" });
