import { randomBytes } from "node:crypto";
import { SecretValue } from "@keyfold/envelope";
import type { Unit } from "../flow/change.ts";
import type { Services } from "../flow/services.ts";
import { openApart, sealApart } from "../key/sealed-apart.ts";
import type { TermKey } from "../key/tenant/tenant-keys.ts";

const BYTES = 32;

/** A signing secret as people see it: Standard Webhooks' prefix, and base64. */
export const formatSigningSecret = (secret: SecretValue): string => `whsec_${secret.unsafelyEncoded()}`;

/**
 * Makes an endpoint's next signing secret and stores it sealed.
 * @param key the tenant's current key, fetched before the transaction
 * @returns the secret, to be shown this once
 */
export async function storeNewSecret(
  unit: Unit,
  endpointId: string,
  number: number,
  { term, key }: TermKey,
): Promise<string> {
  const { services } = unit.call;
  const at = { tenant: unit.tenantId, id: endpointId, number };
  const secret = SecretValue.takeOver(randomBytes(BYTES), "base64");
  try {
    const { sealed, dekWrap } = sealApart(services, at, key, secret, term);
    await unit.query(
      `INSERT INTO control_plane.webhook_secrets (tenant_id, endpoint_id, number, term, sealed, dek_wrap, created_at)
         VALUES ($1::uuid, $2::uuid, $3::int, $4::int, $5::bytea, $6::bytea, $7::timestamptz)`,
      [unit.tenantId, endpointId, number, term, sealed, dekWrap, unit.now],
    );
    return formatSigningSecret(secret);
  } finally {
    secret.wipe();
  }
}

/** Erases an endpoint's signing secrets below a number. */
export async function eraseSecrets(unit: Unit, endpointId: string, below: number): Promise<void> {
  await unit.query(
    `UPDATE control_plane.webhook_secrets SET sealed = NULL, dek_wrap = NULL
      WHERE tenant_id = $1::uuid AND endpoint_id = $2::uuid AND number < $3::int AND sealed IS NOT NULL`,
    [unit.tenantId, endpointId, below],
  );
}

/** A signing secret as load_delivery() brings it. */
export interface SealedSecret {
  number: number;
  term: number;
  /** Hex. */
  sealed: string;
  wrap: string;
}

/** @returns the secret, for the caller to wipe @throws KeyfoldError `decryption_failed`, `key_unavailable` */
export async function openSigningSecret(
  services: Services,
  tenantId: string,
  endpointId: string,
  stored: SealedSecret,
): Promise<SecretValue> {
  const key = await services.keys.of(tenantId, "value", stored.term);
  const at = { tenant: tenantId, id: endpointId, number: stored.number };
  const bytes = { sealed: Buffer.from(stored.sealed, "hex"), dekWrap: Buffer.from(stored.wrap, "hex") };
  return openApart(services, at, key, bytes, { term: stored.term });
}
