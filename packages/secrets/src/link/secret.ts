import { randomBytes, timingSafeEqual } from "node:crypto";
import { type Encoding, SecretKey, type SecretValue } from "@keyfold/envelope";
import type { Services } from "../flow/services.ts";
import { openApart, type SealedApart, sealApart } from "../key/sealed-apart.ts";
import { credentialDigest } from "../token/secret.ts";

/*
 * What is secret of a link: 32 random bytes that stand behind its `#`, which no browser sends. The database has their keyed
 * digest only. What a link shares is sealed (key/sealed-apart.ts) for this very link under
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

/** Seals what a link shares. */
export function sealShare(
  services: Services,
  tenant: string,
  { id, secret }: { id: string; secret: string },
  value: SecretValue,
): SealedApart {
  return sealApart(services, { tenant, id }, keyOf(services, tenant, id, secret), value);
}

/** Opens what a link shares; the caller wipes it. @throws KeyfoldError `decryption_failed` */
export function openShare(
  services: Services,
  tenant: string,
  { id, secret }: { id: string; secret: string },
  share: SealedApart,
  encoding: Encoding,
): SecretValue {
  return openApart(services, { tenant, id }, keyOf(services, tenant, id, secret), share, { encoding });
}
