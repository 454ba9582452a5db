import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** Public by its range, and a door into a cloud's own machinery all the same. */
const NOT_FOR_US: readonly string[] = [
  "168.63.129.16", // Azure's host: DNS, metadata and the agent's wire server.
];

/** What a network routes to another IPv4 address that stands in the last four bytes, besides what ipaddr.js knows. */
const NAT64_LOCAL = ipaddr.parseCIDR("64:ff9b:1::/48"); // RFC 8215
const GLOBAL_UNICAST = ipaddr.parseCIDR("2000::/3"); // RFC 4291 §2.4: all that is given out
const DOCUMENTATION = ipaddr.parseCIDR("3fff::/20"); // RFC 9637

/**
 * Whether an address is one of the public internet's. Private, shared (CGNAT), loopback, link-local (where metadata
 * services are), multicast and reserved ones are not; nor is any IPv6 address that carries an IPv4 one (mapped, NAT64,
 * 6to4, Teredo), since somebody on the way would unpack it.
 * @param text an address as `net.isIP` takes it; anything else is not public
 */
export function isPublicAddress(text: string): boolean {
  const address = parse(text);
  if (address === null || address.range() !== "unicast") return false;
  if (address instanceof ipaddr.IPv6)
    return (
      address.match(GLOBAL_UNICAST as [ipaddr.IPv6, number]) &&
      !address.match(NAT64_LOCAL as [ipaddr.IPv6, number]) &&
      !address.match(DOCUMENTATION as [ipaddr.IPv6, number])
    );
  return !NOT_FOR_US.includes(address.toString());
}

/** Whether an address lies in a range; a mapped one where the IPv4 address that it maps does. */
export function isWithin(text: string, range: readonly [ipaddr.IPv4 | ipaddr.IPv6, number]): boolean {
  const address = parse(text);
  if (address === null) return false;
  const plain =
    address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
  return plain.kind() === range[0].kind() && plain.match(range as [ipaddr.IPv4, number]);
}

function parse(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  // A zone ("fe80::1%eth0") names a network card: never a public address.
  if (text.includes("%") || isIP(text) === 0) return null;
  return ipaddr.parse(text);
}
