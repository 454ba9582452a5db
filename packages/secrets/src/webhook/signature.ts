import { createHmac } from "node:crypto";

/**
 * The headers of a signed webhook, as Standard Webhooks 1.0 has them (standardwebhooks.com): HMAC-SHA-256 over
 * `id.timestamp.body`, one signature for each secret that is valid now, the newest first.
 * @param secrets raw bytes, 24 to 64 of them
 */
export function signedHeaders(
  id: string,
  at: Date,
  body: string,
  secrets: readonly Uint8Array[],
): Record<string, string> {
  const timestamp = Math.floor(at.getTime() / 1000).toString();
  const signatures = secrets.map(
    (secret) => `v1,${createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64")}`,
  );
  return {
    "content-type": "application/json",
    "user-agent": "Keyfold-Webhooks/1",
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
}
