import type { JSONWebKeySet } from "jose";
import type { PublicJwk } from "./jwks.ts";
import { ALGORITHMS } from "./jwks.ts";

/** How far clocks may differ, in seconds. */
const TOLERANCE_SECONDS = 30;
/** A token that was signed longer ago is not taken, whatever end it names. */
const MOST_AGE = "24h";

// Loaded when somebody comes with a token: most processes never verify one.
const library = () => import("jose");

/** What a token says of itself before anything is verified: enough to find who could have signed it. */
export interface Claimed {
  issuer: string;
  kid: string | undefined;
}

export type Verified =
  | { readonly payload: Readonly<Record<string, unknown>> & { exp: number } }
  /** A token that this issuer did sign, and that is not good now. */
  | {
      readonly refused: "expired" | "not_yet" | "claims";
      readonly payload: Readonly<Record<string, unknown>>;
    }
  | { readonly refused: "signature" };

/** null for what is no JWT, or one that is signed in a way that is never taken. */
export async function claimedBy(token: string): Promise<Claimed | null> {
  const { decodeJwt, decodeProtectedHeader } = await library();
  try {
    const { alg, kid } = decodeProtectedHeader(token);
    const { iss } = decodeJwt(token);
    if (!(ALGORITHMS as readonly unknown[]).includes(alg)) return null;
    return typeof iss === "string" && iss.length <= 2048 ? { issuer: iss, kid } : null;
  } catch {
    return null;
  }
}

/**
 * Verifies a JWT (RFC 7519) under an issuer's keys, as RFC 8725 asks: the algorithm from our list and of the key's kind,
 * `iss` letter by letter, `exp` and `iat` there, and the times judged by the given clock.
 */
export async function verifyJwt(
  token: string,
  issuer: string,
  keys: readonly PublicJwk[],
  now: Date,
): Promise<Verified> {
  const { createLocalJWKSet, errors, jwtVerify } = await library();
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: [...keys] } as JSONWebKeySet), {
      algorithms: [...ALGORITHMS],
      issuer,
      requiredClaims: ["exp", "iat"],
      maxTokenAge: MOST_AGE,
      clockTolerance: TOLERANCE_SECONDS,
      currentDate: now,
    });
    return { payload: payload as Record<string, unknown> & { exp: number } };
  } catch (error) {
    // jose looks at claims only after the signature was found good.
    if (error instanceof errors.JWTExpired) return { refused: "expired", payload: error.payload };
    if (error instanceof errors.JWTClaimValidationFailed)
      return {
        refused:
          error.reason === "check_failed" && (error.claim === "nbf" || error.claim === "iat")
            ? "not_yet"
            : "claims",
        payload: error.payload,
      };
    return { refused: "signature" };
  }
}

/** Whether the claim `aud`, one or a list, holds this audience. */
export function isForAudience(payload: Readonly<Record<string, unknown>>, audience: string): boolean {
  const { aud } = payload;
  return Array.isArray(aud) ? aud.includes(audience) : aud === audience;
}
