import { createHmac } from "node:crypto";

/**
 * Signs a webhook's body as Standard Webhooks 1.0 does: `v1,` and the base64 of HMAC-SHA-256 over id, time and body.
 * @param secret `whsec_` and the key in base64
 * @param seconds since 1970
 */
export function sign(secret: string, id: string, seconds: number, body: string): string {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64")}`;
}
