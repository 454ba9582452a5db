import { randomBytes, timingSafeEqual } from "node:crypto";
import { SecretKey } from "@keyfold/envelope";
import { KeyfoldError } from "../error.ts";
import type { Services } from "../flow/services.ts";
import { credentialDigest } from "../token/secret.ts";
import type { SealedShare } from "./store.ts";

/*
 * What is secret of a link: 32 random bytes that stand behind its `#`, which no browser sends. The database has their keyed
 * digest only. What a link shares is sealed as a value (docs/envelope-v1.md), its DEK wrapped under
 * HMAC-SHA-256(a key drawn from the deployment's token key for this link, the secret): the database with all root keys
 * opens it as little as the link without them.
 */

/** A fresh secret of a link, in base64url: 43 characters. */
export const freshSecret = (): string => randomBytes(32).toString("base64url");

export const digestOf = (services: Services, secret: string): Buffer<ArrayBuffer> =>
  credentialDigest(services.tokenKey, "value-link", secret);

/** Whether this is the link's secret; told in the same time whatever it is. */
export const isSecretOf = (services: Services, link: { digest: Uint8Array }, secret: string): boolean =>
  timingSafeEqual(digestOf(services, secret), link.digest);

const keyOf = (services: Services, tenantId: string, id: string, secret: string): SecretKey =>
  SecretKey.fromBytes(
    services.tokenKey.derive("keyfold/link-share/v1", Buffer.from(`${tenantId} ${id}`)).hmacSha256(secret),
  );

/** Where a shared value belongs: to this very link. */
const placeOf = ({ deployment }: Services, tenant: string, id: string) => ({
  deployment,
  tenant,
  project: id,
  environment: id,
  secret: id,
  version: 1,
});

/** Seals what a link shares. */
export function sealShare(
  services: Services,
  tenantId: string,
  link: { id: string; secret: string },
  plaintext: Uint8Array,
): SealedShare {
  const place = placeOf(services, tenantId, link.id);
  const { sealed, dek } = services.envelope.sealValue(plaintext, place);
  const key = keyOf(services, tenantId, link.id, link.secret);
  const dekWrap = services.envelope.wrapDek(dek, key, { ...place, purpose: "value", term: 1 });
  return { sealed: Buffer.from(sealed), dekWrap: Buffer.from(dekWrap) };
}

/** Opens what a link shares; the caller zeroes it. @throws KeyfoldError `decryption_failed` */
export function openShare(
  services: Services,
  tenantId: string,
  link: { id: string; secret: string },
  share: SealedShare,
): Buffer {
  try {
    const place = placeOf(services, tenantId, link.id);
    const key = keyOf(services, tenantId, link.id, link.secret);
    const dek = services.envelope.unwrapDek(share.dekWrap, key, { ...place, purpose: "value", term: 1 });
    return services.envelope.openValue(share.sealed, dek, place);
  } catch (cause) {
    throw new KeyfoldError("decryption_failed", { cause });
  }
}
