import { SecretValue } from "@keyfold/envelope";
import { z } from "zod";
import { RotatorError } from "../error.ts";
import { defineRotator, type Rotator } from "../rotator.ts";
import { newPrivateKey, privateKeyOf, publicJwk, signsAndVerifies, thumbprint } from "./key-pair.ts";

/** `pem`: PKCS #8 (RFC 5958). `jwk`: RFC 7517, with the key's thumbprint (RFC 7638) for its name. */
const format = z.enum(["pem", "jwk"]).default("pem");

/** Ed25519 key pairs (RFC 8032). The value is the private key, out of which every library draws the public one. */
export const ed25519Rotator = keyPairRotator({
  kind: "ed25519-key-pair",
  title: "Ed25519 key pair: PEM or JWK",
  type: "ed25519",
  config: z.strictObject({ format }),
  bits: () => undefined,
});

/** RSA key pairs of 2048, 3072 or 4096 bits. */
export const rsaRotator = keyPairRotator({
  kind: "rsa-key-pair",
  title: "RSA key pair: PEM or JWK, 2048 to 4096 bits",
  type: "rsa",
  config: z.strictObject({
    format,
    bits: z.union([z.literal(2048), z.literal(3072), z.literal(4096)]).default(3072),
  }),
  bits: (config) => config.bits,
});

function keyPairRotator<C extends z.ZodType<{ format: "pem" | "jwk" }>>(pair: {
  kind: string;
  title: string;
  type: "ed25519" | "rsa";
  config: C;
  bits(config: z.output<C>): number | undefined;
}): Rotator {
  return defineRotator({
    kind: pair.kind,
    title: pair.title,
    config: pair.config,
    state: z.strictObject({}),
    worksAtOnce: () => Number.POSITIVE_INFINITY,
    async make({ config }) {
      const key = await newPrivateKey(pair.type, pair.bits(config));
      if (config.format === "pem") {
        const pem = key.export({ format: "pem", type: "pkcs8" }) as string;
        return { value: SecretValue.ofText(pem), state: {} };
      }
      const jwk = key.export({ format: "jwk" });
      const named = { kid: thumbprint(publicJwk(jwk)), ...jwk };
      return { value: SecretValue.ofText(JSON.stringify(named)), state: {} };
    },
    async test({ config, pending }) {
      const key = privateKeyOf((await pending()).unsafelyText(), config.format);
      const bits = pair.bits(config);
      if (
        key === null ||
        key.asymmetricKeyType !== pair.type ||
        (bits !== undefined && key.asymmetricKeyDetails?.modulusLength !== bits) ||
        !signsAndVerifies(key)
      )
        throw new RotatorError("test_failed");
    },
  });
}
