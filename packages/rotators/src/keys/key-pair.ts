import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from "node:crypto";
import { promisify } from "node:util";

const generate = promisify(generateKeyPair);

/** Kinds of signing keys that can be made here. */
export type KeyKind = "ed25519" | "p256" | "rsa";

/** A fresh private key. `bits` is for RSA only, whose exponent is 65537. */
export async function newPrivateKey(kind: KeyKind, bits = 3072): Promise<KeyObject> {
  switch (kind) {
    case "ed25519":
      return (await generate("ed25519")).privateKey;
    case "p256":
      return (await generate("ec", { namedCurve: "P-256" })).privateKey;
    case "rsa":
      return (await generate("rsa", { modulusLength: bits })).privateKey;
  }
}

/** The public half of a private JWK: what may be published. */
export function publicJwk(jwk: JsonWebKey): JsonWebKey {
  return createPublicKey({ key: jwk, format: "jwk" }).export({ format: "jwk" });
}

/** A key's name: the base64url SHA-256 of its required public members in order (RFC 7638). */
export function thumbprint(jwk: JsonWebKey): string {
  const members = { OKP: ["crv", "kty", "x"], EC: ["crv", "kty", "x", "y"], RSA: ["e", "kty", "n"] }[
    jwk.kty as "OKP" | "EC" | "RSA"
  ];
  if (members === undefined) throw new RangeError("a key of a kind that has no thumbprint here");
  const required = Object.fromEntries(members.map((name) => [name, jwk[name]]));
  return createHash("sha256").update(JSON.stringify(required)).digest("base64url");
}

/** Whether a private key signs what its public half verifies. */
export function signsAndVerifies(key: KeyObject): boolean {
  const message = randomBytes(32);
  const hash = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  return verify(hash, message, createPublicKey(key), sign(hash, message, key));
}

/** @returns null where the text is no private key */
export function privateKeyOf(text: string, format: "pem" | "jwk"): KeyObject | null {
  try {
    return format === "pem"
      ? createPrivateKey(text)
      : createPrivateKey({ key: JSON.parse(text) as JsonWebKey, format: "jwk" });
  } catch {
    return null;
  }
}
