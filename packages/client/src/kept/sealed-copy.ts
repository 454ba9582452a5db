import { KeptCopyRefused } from "./options.ts";

/*
 * A kept copy, byte by byte:
 *   "KFLG"  4 bytes
 *   format  1 byte, 1
 *   nonce   12 random bytes
 *   sealed  AES-256-GCM (NIST SP 800-38D), tag of 16 bytes at its end
 * Its key comes by HKDF-SHA-256 (RFC 5869) from the local key, salted with the token's SHA-256: without either nothing opens.
 * Authenticated besides: the format, the machine, the server's address and the copy's id, which stands for where the secret is.
 */
const MAGIC = [0x4b, 0x46, 0x4c, 0x47];
const FORMAT = 1;
const HEAD = MAGIC.length + 1;
const NONCE = 12;
const TAG = 16;

const utf8 = (text: string): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;

// Of whatever runtime this is compiled for: not all name it globally.
type CryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** The keys of one token on one machine. */
export interface CopyKeys {
  readonly seal: CryptoKey;
  readonly id: CryptoKey;
}

/** @param authorization the header's value, which stands for the token */
export async function copyKeys(localKey: Uint8Array, authorization: string): Promise<CopyKeys> {
  const { subtle } = crypto;
  const material = await subtle.importKey("raw", localKey as Uint8Array<ArrayBuffer>, "HKDF", false, [
    "deriveKey",
  ]);
  const salt = await subtle.digest("SHA-256", utf8(authorization));
  const from = (info: string) => ({ name: "HKDF", hash: "SHA-256", salt, info: utf8(info) });
  return {
    seal: await subtle.deriveKey(
      from("keyfold/last-known-good/v1/seal"),
      material,
      { name: "AES-GCM", length: 256 },
      false,
      ["encrypt", "decrypt"],
    ),
    id: await subtle.deriveKey(
      from("keyfold/last-known-good/v1/id"),
      material,
      { name: "HMAC", hash: "SHA-256", length: 256 },
      false,
      ["sign"],
    ),
  };
}

/** What a copy is kept under: tells nobody which secret it is. */
export async function copyId(keys: CopyKeys, where: readonly (string | undefined)[]): Promise<string> {
  const mac = await crypto.subtle.sign(
    "HMAC",
    keys.id,
    utf8(JSON.stringify(where.map((one) => one ?? null))),
  );
  return [...new Uint8Array(mac, 0, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const aad = (bound: readonly string[], id: string) => utf8(JSON.stringify([FORMAT, ...bound, id]));

/** @param bound the machine and the server's address */
export async function sealCopy(
  keys: CopyKeys,
  bound: readonly string[],
  id: string,
  content: unknown,
): Promise<Uint8Array> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE));
  const parameters = { name: "AES-GCM", iv: nonce, additionalData: aad(bound, id), tagLength: TAG * 8 };
  const sealed = await crypto.subtle.encrypt(parameters, keys.seal, utf8(JSON.stringify(content)));
  const copy = new Uint8Array(HEAD + NONCE + sealed.byteLength);
  copy.set([...MAGIC, FORMAT]);
  copy.set(nonce, HEAD);
  copy.set(new Uint8Array(sealed), HEAD + NONCE);
  return copy;
}

/** @throws KeptCopyRefused `another_format`, `not_authentic` */
export async function openCopy(
  keys: CopyKeys,
  bound: readonly string[],
  id: string,
  copy: Uint8Array,
): Promise<unknown> {
  if (copy.length < HEAD + NONCE + TAG || MAGIC.some((byte, at) => copy[at] !== byte))
    throw new KeptCopyRefused("not_authentic");
  if (copy[MAGIC.length] !== FORMAT) throw new KeptCopyRefused("another_format");
  const nonce = copy.slice(HEAD, HEAD + NONCE);
  const parameters = { name: "AES-GCM", iv: nonce, additionalData: aad(bound, id), tagLength: TAG * 8 };
  try {
    const opened = await crypto.subtle.decrypt(parameters, keys.seal, copy.slice(HEAD + NONCE));
    return JSON.parse(new TextDecoder().decode(opened));
  } catch {
    throw new KeptCopyRefused("not_authentic");
  }
}
