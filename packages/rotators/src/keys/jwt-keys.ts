import type { JsonWebKey } from "node:crypto";
import { SecretValue } from "@keyfold/envelope";
import { z } from "zod";
import { RotatorError } from "../error.ts";
import { defineRotator } from "../rotator.ts";
import { newPrivateKey, privateKeyOf, publicJwk, signsAndVerifies, thumbprint } from "./key-pair.ts";

const ALGORITHMS = { EdDSA: "ed25519", ES256: "p256", RS256: "rsa" } as const;

const config = z.strictObject({
  algorithm: z.enum(["EdDSA", "ES256", "RS256"]).default("EdDSA"),
  /** How long a retired public key stays published, in seconds; as long as the longest token lives, and the grace. */
  overlapSeconds: z
    .int()
    .min(0)
    .max(90 * 86_400)
    .default(86_400),
  /** Begin with fresh keys where the current value is not of this form. */
  startOver: z.boolean().default(false),
});

const jwk = z.looseObject({ kid: z.string().min(1).max(128), kty: z.string() });
/** A secret's value: what signs, what will sign next, and what to publish. */
const valueSchema = z.strictObject({
  signing: jwk,
  next: jwk,
  jwks: z.strictObject({ keys: z.array(jwk).min(2).max(64) }),
  retired: z.array(z.strictObject({ kid: z.string(), until: z.iso.datetime() })).max(62),
});
type JwtKeys = z.output<typeof valueSchema>;

/**
 * Keys that sign JWTs, and the JWKS to publish (RFC 7517). The key that will sign after the next rotation is published
 * from now on: an instance that has not moved yet publishes the key that others sign with already. A retired key stays
 * published through the overlap.
 */
export const jwtKeysRotator = defineRotator({
  kind: "jwt-signing-keys",
  title: "JWT signing keys: a JWKS with the next key ahead and the old ones behind",
  config,
  state: z.strictObject({ signing: z.string(), next: z.string() }),
  worksAtOnce: () => Number.POSITIVE_INFINITY,
  async make(task) {
    const { algorithm, overlapSeconds, startOver } = task.config;
    const before = readJwtKeys((await task.current())?.unsafelyText());
    if (before === "foreign" && !startOver) throw new RotatorError("bad_current_value");
    const old = before === "foreign" ? null : before;

    const [signing, next] = [old?.next ?? (await newJwk(algorithm)), await newJwk(algorithm)];
    const until = new Date(task.now.getTime() + overlapSeconds * 1000).toISOString();
    const retired = old === null ? [] : [...old.retired, { kid: old.signing.kid, until }];
    const published = retired.filter((one) => new Date(one.until) > task.now);
    const keep = new Set(published.map((one) => one.kid));
    const keys = [
      publicOf(signing),
      publicOf(next),
      ...(old?.jwks.keys ?? []).filter(({ kid }) => keep.has(kid)),
    ];
    const made = { signing, next, jwks: { keys }, retired: published };
    if (!valueSchema.safeParse(made).success) throw new RotatorError("bad_config");
    return {
      value: SecretValue.ofText(JSON.stringify(made)),
      state: { signing: signing.kid, next: next.kid },
    };
  },
  async test(task) {
    const value = readJwtKeys((await task.pending()).unsafelyText());
    if (value === null || value === "foreign" || !holds(value)) throw new RotatorError("test_failed");
    // Whoever has not moved yet signs with a key that is still published, or would be refused by those who have.
    const before = readJwtKeys((await task.current())?.unsafelyText());
    if (before === null || before === "foreign" || task.config.overlapSeconds === 0) return;
    const published = value.jwks.keys.map(({ kid }) => kid);
    if (before.signing.kid !== value.signing.kid && !published.includes(before.signing.kid))
      throw new RotatorError("test_failed");
  },
});

/** @returns "foreign" where a text is none of these values; null where there is none */
function readJwtKeys(text: string | undefined): JwtKeys | "foreign" | null {
  if (text === undefined) return null;
  try {
    return valueSchema.parse(JSON.parse(text));
  } catch {
    return "foreign";
  }
}

function holds(value: JwtKeys): boolean {
  const published = new Map(value.jwks.keys.map((key) => [key.kid, key]));
  const nothingPrivate = value.jwks.keys.every((key) => PRIVATE.every((member) => !(member in key)));
  return (
    nothingPrivate &&
    [value.signing, value.next].every((key) => {
      const own = privateKeyOf(JSON.stringify(key), "jwk");
      const other = published.get(key.kid);
      return (
        own !== null && other !== undefined && signsAndVerifies(own) && thumbprint(other) === thumbprint(key)
      );
    })
  );
}

/** Members of a JWK that only its holder may know (RFC 7518, section 6). */
const PRIVATE = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] as const;

type NamedJwk = JwtKeys["signing"];

async function newJwk(algorithm: keyof typeof ALGORITHMS): Promise<NamedJwk> {
  const key = await newPrivateKey(ALGORITHMS[algorithm]);
  const jwk = key.export({ format: "jwk" });
  return { kid: thumbprint(jwk), use: "sig", alg: algorithm, ...jwk } as NamedJwk;
}

function publicOf(key: NamedJwk): NamedJwk {
  const { kid, use, alg } = key;
  return { kid, use, alg, ...publicJwk(key as JsonWebKey) } as NamedJwk;
}
