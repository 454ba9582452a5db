import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest();
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");

/** A passkey in software: what a browser and an authenticator would answer, true or as a test wants it. */
export function softAuthenticator() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const id = randomBytes(32);
  let counter = 0;
  const { x, y } = publicKey.export({ format: "jwk" }) as { x: string; y: string };
  // COSE_Key (RFC 9053): kty EC2, alg ES256, crv P-256.
  const cose = Buffer.concat([
    Buffer.from("a5010203262001215820", "hex"),
    Buffer.from(x, "base64url"),
    Buffer.from("225820", "hex"),
    Buffer.from(y, "base64url"),
  ]);

  function facts(site: { rpId: string }, flags: number, more = Buffer.alloc(0)): Buffer {
    const head = Buffer.alloc(37);
    sha256(site.rpId).copy(head);
    head[32] = flags;
    head.writeUInt32BE(counter, 33);
    return Buffer.concat([head, more]);
  }
  const client = (type: string, challenge: string, origin: string) =>
    Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));

  return {
    id: text(id),
    /** How often it says that it was used. */
    setCounter(to: number) {
      counter = to;
    },
    make(challenge: string, site: { rpId: string; origin: string }, flags = 0x45) {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(id.length);
      const data = facts(site, flags, Buffer.concat([Buffer.alloc(16), length, id, cose]));
      const attestation = Buffer.concat([
        Buffer.from("a363666d74646e6f6e656761747453746d74a068617574684461746158", "hex"),
        Buffer.from([data.length]),
        data,
      ]);
      return {
        id: text(id),
        rawId: text(id),
        type: "public-key",
        response: {
          clientDataJSON: text(client("webauthn.create", challenge, site.origin)),
          attestationObject: text(attestation),
        },
      };
    },
    prove(challenge: string, site: { rpId: string; origin: string }, flags = 0x05) {
      counter++;
      const data = facts(site, flags);
      const json = client("webauthn.get", challenge, site.origin);
      return {
        id: text(id),
        rawId: text(id),
        type: "public-key",
        response: {
          clientDataJSON: text(json),
          authenticatorData: text(data),
          signature: text(sign("sha256", Buffer.concat([data, sha256(json)]), privateKey)),
        },
      };
    },
  };
}
