import { badSetting } from "./optional-package.ts";

export interface Pkcs11Uri {
  modulePath: string;
  token: string;
  object?: string;
  id?: Uint8Array;
  /** Path of a file that holds the PIN. */
  pinSource?: string;
}

/**
 * Reads a PKCS #11 URI (RFC 7512): `pkcs11:token=…;object=…;id=…?module-path=…&pin-source=…`. Attributes that we do
 * not know are refused: leaving one out would find another key. So is `pin-value`: a setting is no place for a PIN.
 * @throws EnvelopeError `bad_root_key`
 */
export function readPkcs11Uri(uri: string): Pkcs11Uri {
  const [path = "", query = "", ...more] = uri.slice("pkcs11:".length).split("?");
  if (!uri.startsWith("pkcs11:") || more.length > 0) throw bad();
  const inPath = attributes(path, ";", ["token", "object", "id", "type"]);
  const inQuery = attributes(query, "&", ["module-path", "pin-source", "pin-value"]);
  if (inQuery.has("pin-value"))
    throw badSetting("A PIN must not stand in the setting (pin-value): name a file with pin-source.");
  const type = inPath.get("type")?.toString();
  const token = inPath.get("token")?.toString();
  const modulePath = inQuery.get("module-path")?.toString();
  const [object, id] = [inPath.get("object")?.toString(), inPath.get("id")];
  if (!token || !modulePath || (!object && !id?.length)) throw bad();
  if (type !== undefined && type !== "secret-key") throw bad();
  const pinSource = inQuery
    .get("pin-source")
    ?.toString()
    .replace(/^file:(?:\/\/)?/, "");
  return {
    token,
    modulePath,
    ...(object ? { object } : {}),
    ...(id?.length ? { id } : {}),
    ...(pinSource ? { pinSource } : {}),
  };
}

function attributes(text: string, between: string, known: readonly string[]): Map<string, Buffer> {
  const read = new Map<string, Buffer>();
  for (const part of text === "" ? [] : text.split(between)) {
    const at = part.indexOf("=");
    const name = part.slice(0, Math.max(at, 0));
    if (!known.includes(name) || read.has(name)) throw bad();
    read.set(name, decoded(part.slice(at + 1)));
  }
  return read;
}

// Bytes, not text: a CKA_ID may be any.
function decoded(text: string): Buffer {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x21 || code > 0x7e) throw bad();
    if (text[at] !== "%") {
      bytes.push(code);
      continue;
    }
    const hex = text.slice(at + 1, at + 3);
    if (!/^[0-9A-Fa-f]{2}$/.test(hex)) throw bad();
    bytes.push(Number.parseInt(hex, 16));
    at += 2;
  }
  return Buffer.from(bytes);
}

function bad() {
  return badSetting(
    "A PKCS #11 key must be given as pkcs11:token=LABEL;object=LABEL?module-path=PATH&pin-source=PATH (RFC 7512; id= beside or instead of object=).",
  );
}
