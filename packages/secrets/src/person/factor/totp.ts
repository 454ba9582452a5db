import { Secret, TOTP } from "otpauth";
import { KeyfoldError } from "../../error.ts";
import type { Services } from "../../flow/services.ts";

/*
 * Codes of an authenticator app (RFC 6238): SHA-1, 30 seconds, six digits, which is what apps take. The secret is sealed
 * as a value (docs/envelope-v1.md), and its DEK wrapped under a key that is drawn from the deployment's token key.
 */

const PERIOD_SECONDS = 30;
const SECRET_BYTES = 20; // RFC 4226 §4: as long as the hash

/** Where a sealed secret belongs: of no tenant, to this very factor of this very person. */
const placeOf = ({ deployment }: Services, personId: string, factorId: string) => ({
  deployment,
  tenant: deployment,
  project: personId,
  environment: personId,
  secret: factorId,
  version: 1,
});

/** A fresh secret, sealed, and as text for the app. */
export function newSecret(services: Services, personId: string, factorId: string) {
  const secret = new Secret({ size: SECRET_BYTES });
  const place = placeOf(services, personId, factorId);
  const { sealed, dek } = services.envelope.sealValue(secret.bytes, place);
  const dekWrap = services.envelope.wrapDek(dek, services.people.factorKey, {
    ...place,
    purpose: "value",
    term: 1,
  });
  return { secret: secret.base32, sealed: Buffer.from(sealed), dekWrap: Buffer.from(dekWrap) };
}

/** The address that authenticator apps read from a QR code. */
export const keyUri = (secret: string, email: string, issuer: string): string =>
  new TOTP({ issuer, label: email, secret: Secret.fromBase32(secret), period: PERIOD_SECONDS }).toString();

/**
 * The time step that a code is of, one step early or late allowed (RFC 6238 §5.2); null where it is of none of these, or
 * of one that was used.
 * @param after the last step that was used
 */
export function stepOf(
  services: Services,
  factor: { id: string; personId: string; sealed: Uint8Array; dekWrap: Uint8Array },
  code: string,
  now: Date,
  after: bigint,
): bigint | null {
  const digits = code.replaceAll(/[\s-]/g, "");
  if (!/^\d{6}$/.test(digits)) return null;
  const bytes = open(services, factor);
  try {
    const delta = new TOTP({
      secret: new Secret({ buffer: new Uint8Array(bytes).buffer }),
      period: PERIOD_SECONDS,
    }).validate({ token: digits, timestamp: now.getTime(), window: 1 });
    if (delta === null) return null;
    const step = BigInt(Math.floor(now.getTime() / 1000 / PERIOD_SECONDS) + delta);
    return step > after ? step : null;
  } finally {
    bytes.fill(0);
  }
}

/** @throws KeyfoldError `decryption_failed` */
function open(
  services: Services,
  factor: { id: string; personId: string; sealed: Uint8Array; dekWrap: Uint8Array },
): Buffer {
  const place = placeOf(services, factor.personId, factor.id);
  try {
    const dek = services.envelope.unwrapDek(factor.dekWrap, services.people.factorKey, {
      ...place,
      purpose: "value",
      term: 1,
    });
    return services.envelope.openValue(factor.sealed, dek, place);
  } catch (error) {
    throw new KeyfoldError("decryption_failed", { cause: error });
  }
}
