import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import type { SecretKey } from "@keyfold/envelope";

const PREFIX = "kf_";
const BODY_CHARS = 43; // 32 bytes, base64url
const CHECK_CHARS = 6; // CRC-32, base64url

/** A fresh token: `kf_`, 256 random bits in base64url, and a CRC-32 that lets a typo or a cut be told without a look-up. */
export function generateToken(): string {
  const body = randomBytes(32).toString("base64url");
  return PREFIX + body + checksum(body);
}

/** Whether this could be a token at all. The bootstrap token of an operator is any string of 32 characters or more. */
export function couldBeToken(token: string): boolean {
  if (!token.startsWith(PREFIX)) return token.length >= 32 && token.length <= 512;
  const body = token.slice(PREFIX.length, PREFIX.length + BODY_CHARS);
  return token.length === PREFIX.length + BODY_CHARS + CHECK_CHARS && token.endsWith(checksum(body));
}

function checksum(body: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(PREFIX + body));
  return bytes.toString("base64url");
}

/** HMAC-SHA-256 (32 bytes): the only trace of a credential that is stored. */
export function credentialDigest(
  tokenKey: SecretKey,
  kind:
    | "token"
    | "session"
    | "link"
    | "value-link"
    | "invitation"
    | "recovery"
    | "challenge"
    | "sign-in"
    | "sign-on",
  secret: string,
): Buffer<ArrayBuffer> {
  return Buffer.from(tokenKey.hmacSha256(`keyfold/${kind}/v1\0`, secret));
}
