import ipaddr from "ipaddr.js";
import { isWithin } from "./address.ts";

/** What the operator lets through besides the public internet over https. */
export interface AllowRule {
  /** A host name, lower-case, or a range of addresses. */
  readonly host: string | null;
  readonly range: readonly [ipaddr.IPv4 | ipaddr.IPv6, number] | null;
  /** Whether plain http is allowed there, too. */
  readonly http: boolean;
}

/**
 * Reads the operator's list: host names, addresses and CIDR ranges, divided by commas; `http://` before one allows
 * plain http there. For example `hooks.internal, 10.20.0.0/16, http://127.0.0.1`.
 * @throws RangeError that names the entry by its number
 */
export function parseAllow(list: string): readonly AllowRule[] {
  return list
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")
    .map((entry, index) => {
      const rule = ruleOf(entry.toLowerCase());
      if (rule === null)
        throw new RangeError(
          `Entry ${index + 1} is no host name, address or CIDR range. Write for example hooks.internal, 10.20.0.0/16 or http://127.0.0.1.`,
        );
      return rule;
    });
}

const HOST = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*$/;

function ruleOf(entry: string): AllowRule | null {
  const [, scheme, bracketed, plain] = /^(https?:\/\/)?(?:\[([^[\]]+)\]|([^[\]]+))$/.exec(entry) ?? [];
  const bare = bracketed ?? plain;
  if (bare === undefined) return null;
  const http = scheme === "http://";
  if (ipaddr.isValidCIDR(bare)) return { host: null, range: ipaddr.parseCIDR(bare), http };
  if (ipaddr.IPv6.isValid(bare)) return { host: null, range: [ipaddr.IPv6.parse(bare), 128], http };
  if (ipaddr.IPv4.isValidFourPartDecimal(bare))
    return { host: null, range: [ipaddr.IPv4.parse(bare), 32], http };
  // What looks like a number is an address that somebody mistyped.
  return HOST.test(bare) && !/(^|\.)(0x[0-9a-f]*|[0-9]+)$/.test(bare)
    ? { host: bare, range: null, http }
    : null;
}

/** Whether a rule names this host (a name or an address), for this scheme. */
export function allowsHost(rules: readonly AllowRule[], host: string, scheme: "http:" | "https:"): boolean {
  return rules.some(
    (rule) =>
      (scheme === "https:" || rule.http) &&
      (rule.host === null ? rule.range !== null && isWithin(host, rule.range) : rule.host === host),
  );
}
