import { isIP } from "node:net";
import { isPublicAddress } from "./address.ts";
import { type AllowRule, allowsHost } from "./allow.ts";

/** Where something may be sent: an address that passed the checks that its text alone can fail. */
export interface Target {
  readonly url: URL;
  /** The host as it will be resolved: a lower-case name with no dot at its end, or an address without brackets. */
  readonly host: string;
  /** The operator named this very host: it is resolved as the machine does it, and may be anywhere. */
  readonly named: boolean;
}

/** Why a target is refused, in a sentence for whoever configures it; never with the address in it. */
export class TargetError extends Error {
  override readonly name = "TargetError";
}

const MAX_URL = 2048;
/** Names that are no names of the public internet (RFC 6761, RFC 6762, RFC 8375, RFC 9476). */
const LOCAL = /(^|\.)(localhost|local|internal|intranet|lan|home\.arpa|test|invalid|onion|alt)$/;

/**
 * Checks what the text of a URL says. Where a name leads is asked at each connection.
 * @throws TargetError
 */
export function checkTarget(text: string, rules: readonly AllowRule[]): Target {
  if (text.length > MAX_URL) throw new TargetError(`A URL has at most ${MAX_URL} characters.`);
  // The parser would take white space and control characters out, and repair what else is broken.
  if (!/^https?:\/\/[^/\\]/i.test(text) || /[\s\\]/.test(text) || !URL.canParse(text))
    throw new TargetError("This is no https URL. Give one such as https://example.com/hooks.");
  const url = new URL(text);
  if (url.username !== "" || url.password !== "")
    throw new TargetError("The URL holds a user or a password. Take it out: receivers check signatures.");
  if (url.hash !== "")
    throw new TargetError("The URL holds a fragment (#…), which is sent to nobody. Take it out.");
  const scheme = url.protocol as "http:" | "https:";
  const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (host === "") throw new TargetError("The URL names no host.");
  const literal = isIP(host) !== 0;
  const named = allowsHost(rules, host, scheme);
  if (scheme === "http:" && !named)
    throw new TargetError("Only https is allowed here. The operator can allow http for a host.");
  if (!named && literal && !isPublicAddress(host))
    throw new TargetError("This address is not one of the public internet. The operator can allow it.");
  if (
    !named &&
    !literal &&
    (!host.includes(".") || LOCAL.test(host)) &&
    !rules.some((rule) => rule.range !== null)
  )
    throw new TargetError("This host is not one of the public internet. The operator can allow it.");
  const port = url.port === "" ? null : Number(url.port);
  // Other services' well-known ports: what is sent there could be read as their commands.
  if (port !== null && !named && port < 1024 && port !== 443)
    throw new TargetError("Ports below 1024 are not allowed, but for 443.");
  return { url, host, named };
}

/**
 * Why nothing is sent to an address, in a sentence for whoever configures it; null: something may be.
 * @param checks what judges it, and throws TargetError
 */
export function refusalBy(checks: { check(url: string): void }, url: string): string | null {
  try {
    checks.check(url);
    return null;
  } catch (error) {
    if (error instanceof TargetError) return error.message;
    throw error;
  }
}
