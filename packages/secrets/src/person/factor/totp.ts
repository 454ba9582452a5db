import { SecretValue } from "@keyfold/envelope";
import { Secret, TOTP } from "otpauth";
import type { Services } from "../../flow/services.ts";
import { openApart, sealApart } from "../../key/sealed-apart.ts";

/*
 * Codes of an authenticator app (RFC 6238): SHA-1, 30 seconds, six digits, which is what apps take. The secret is sealed
 * (key/sealed-apart.ts) for this very factor of this very person, under a key that is drawn from the deployment's token key.
 */

const PERIOD_SECONDS = 30;
const SECRET_BYTES = 20; // RFC 4226 §4: as long as the hash

/** A factor with its secret, as it is stored. */
interface SealedFactor {
  id: string;
  personId: string;
  sealed: Uint8Array;
  dekWrap: Uint8Array;
}

/** A fresh secret, sealed, and as text for the app. */
export function newSecret(services: Services, personId: string, factorId: string) {
  const secret = new Secret({ size: SECRET_BYTES });
  const at = { of: personId, id: factorId };
  const value = SecretValue.ofBytes(secret.bytes);
  return { secret: secret.base32, ...sealApart(services, at, services.people.factorKey, value) };
}

/** The address that authenticator apps read from a QR code. */
export const keyUri = (secret: string, email: string, issuer: string): string =>
  new TOTP({ issuer, label: email, secret: Secret.fromBase32(secret), period: PERIOD_SECONDS }).toString();

/**
 * The time step that a code is of, one step early or late allowed (RFC 6238 §5.2); null where it is of none of these, or
 * of one that was used.
 * @param after the last step that was used
 * @throws KeyfoldError `decryption_failed`
 */
export function stepOf(
  services: Services,
  factor: SealedFactor,
  code: string,
  now: Date,
  after: bigint,
): bigint | null {
  const digits = code.replaceAll(/[\s-]/g, "");
  if (!/^\d{6}$/.test(digits)) return null;
  const { id, personId } = factor;
  const value = openApart(services, { of: personId, id }, services.people.factorKey, factor);
  try {
    const delta = new TOTP({
      secret: new Secret({ buffer: new Uint8Array(value.unsafelyBytes()).buffer }),
      period: PERIOD_SECONDS,
    }).validate({ token: digits, timestamp: now.getTime(), window: 1 });
    if (delta === null) return null;
    const step = BigInt(Math.floor(now.getTime() / 1000 / PERIOD_SECONDS) + delta);
    return step > after ? step : null;
  } finally {
    value.wipe();
  }
}
