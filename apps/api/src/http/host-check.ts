import { isLoopbackHeader } from "../config/loopback.ts";

/**
 * Whether a loopback server may answer under this Host header. A page of another site can point its own name at
 * 127.0.0.1 (DNS rebinding); then its requests are same-origin, and only this tells them apart.
 * @param publicHost the host, with its port, of the public URL
 */
export function isOwnHost(host: string | null, publicHost: string | null): boolean {
  if (host === null) return false;
  if (publicHost !== null && host.toLowerCase() === publicHost.toLowerCase()) return true;
  return isLoopbackHeader(host);
}
