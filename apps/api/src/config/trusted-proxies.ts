import { BlockList, isIP } from "node:net";

/**
 * The addresses whose X-Forwarded-… headers are believed.
 * @param list addresses and CIDR ranges, separated by commas
 * @returns null where an entry is neither
 */
export function parseProxies(list: string): BlockList | null {
  const proxies = new BlockList();
  for (const entry of list.split(",").map((part) => part.trim())) {
    const [address = "", bits, ...rest] = entry.split("/");
    const version = isIP(address);
    if (version === 0 || rest.length > 0) return null;
    const family = version === 4 ? "ipv4" : "ipv6";
    if (bits === undefined) {
      proxies.addAddress(address, family);
      continue;
    }
    if (!/^\d{1,3}$/.test(bits) || Number(bits) > (version === 4 ? 32 : 128)) return null;
    proxies.addSubnet(address, Number(bits), family);
  }
  return proxies;
}
