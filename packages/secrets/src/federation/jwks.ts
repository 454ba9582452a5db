import { z } from "zod";

/** What signatures are taken: asymmetric ones alone, so that no public key is ever a secret for an HMAC (RFC 8725, 3.1). */
export const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;

const member = z.string().min(1).max(2048);
const short = z.string().min(1).max(255).optional();

// What is not listed (a private member by mistake, certificates) is not taken over. RFC 7517, RFC 7518, RFC 8037.
const about = { kid: short, alg: short, use: short };
const publicJwk = z.discriminatedUnion("kty", [
  z.object({ kty: z.literal("RSA"), n: member, e: member, ...about }),
  z.object({ kty: z.literal("EC"), crv: z.string(), x: member, y: member, ...about }),
  z.object({ kty: z.literal("OKP"), crv: z.string(), x: member, ...about }),
]);
export type PublicJwk = z.output<typeof publicJwk>;

/** A JWK Set that somebody gives: public keys, and none that is something else. */
export const publicJwks = z.object({
  keys: z
    .array(
      z
        .looseObject({})
        .refine((key) => !Object.hasOwn(key, "d") && !Object.hasOwn(key, "k"), {
          error: "is a private key. Give the public one, and change this one: it was sent to a server.",
          abort: true,
        })
        .pipe(publicJwk),
    )
    .min(1)
    .max(20),
});

const MOST_KEYS = 100;

/** The keys of a fetched JWK Set that can be used here; null for what is no JWK Set. */
export function usableKeys(json: unknown): PublicJwk[] | null {
  const set = z.object({ keys: z.array(z.unknown()).max(MOST_KEYS) }).safeParse(json);
  if (!set.success) return null;
  return set.data.keys.flatMap((key) => {
    const parsed = publicJwk.safeParse(key);
    return parsed.success && (parsed.data.use ?? "sig") === "sig" ? [parsed.data] : [];
  });
}
