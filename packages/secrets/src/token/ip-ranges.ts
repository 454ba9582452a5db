import ipaddr from "ipaddr.js";
import { z } from "zod";
import { KeyfoldError } from "../error.ts";

type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** An address, or a range in CIDR notation, in its one spelling. */
export const ipRange = z
  .string()
  .max(64)
  .transform((text, context) => {
    const range = parse(text);
    if (range !== null) return spell(range);
    context.addIssue({ code: "custom", message: "is no address and no CIDR range, such as 203.0.113.0/24" });
    return z.NEVER;
  });

/** One spelling for a list. */
export const normalRanges = (ranges: readonly string[]): string[] => [...new Set(ranges)].sort();

/** A row's ranges. @throws KeyfoldError `integrity_failed` for anything else than we ever stored */
export function storedRanges(stored: unknown): readonly string[] | null {
  if (stored === null) return null;
  const parsed = z.array(z.string()).min(1).safeParse(stored);
  if (!parsed.success) throw new KeyfoldError("integrity_failed");
  return parsed.data;
}

/** Whether a call from this address is taken. One whose address is not known comes from no range. */
export function isFrom(ranges: readonly string[] | null, ip: string | null): boolean {
  if (ranges === null) return true;
  const address = ip === null ? null : parse(ip);
  return address !== null && ranges.some((range) => holds(parse(range), address));
}

/** Whether `inner` lets in no address that `outer` keeps out. */
export function rangesWithin(inner: readonly string[] | null, outer: readonly string[] | null): boolean {
  if (outer === null) return true;
  return inner?.every((one) => outer.some((range) => holds(parse(range), parse(one)))) === true;
}

function holds(outer: Range | null, inner: Range | null): boolean {
  if (outer === null || inner === null || outer[0].kind() !== inner[0].kind()) return false;
  return inner[1] >= outer[1] && inner[0].match(outer[0] as never, outer[1]);
}

const MAPPED_BITS = 96;

/** null for what is no address or range. An IPv4 address that is mapped into IPv6 (RFC 4291, 2.5.5.2) is the IPv4 address. */
function parse(text: string): Range | null {
  const [, written = "", prefix] = /^([0-9a-f.:]+)(?:\/([0-9]{1,3}))?$/i.exec(text) ?? [];
  // The library takes ::10.1.2.3 for the mapped address ::ffff:10.1.2.3.
  const address = written.replace(/(?<=:)(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/, (quad) =>
    ipaddr.IPv4.isValidFourPartDecimal(quad)
      ? Buffer.from(ipaddr.IPv4.parse(quad).toByteArray()).toString("hex").replace(/^.{4}/, "$&:")
      : "",
  );
  const four = ipaddr.IPv4.isValidFourPartDecimal(address);
  if (!four && !ipaddr.IPv6.isValid(address)) return null;
  const parsed = four ? ipaddr.IPv4.parse(address) : ipaddr.IPv6.parse(address);
  const most = four ? 32 : 128;
  const bits = prefix === undefined ? most : Number(prefix);
  if (bits > most) return null;
  if (parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress())
    return bits < MAPPED_BITS ? null : [parsed.toIPv4Address(), bits - MAPPED_BITS];
  return [parsed, bits];
}

function spell([address, bits]: Range): string {
  const bytes = address.toByteArray().map((byte, i) => {
    const left = Math.min(8, Math.max(0, bits - 8 * i));
    return byte & (0xff << (8 - left)) & 0xff;
  });
  return `${ipaddr.fromByteArray(bytes).toString()}/${bits}`;
}
