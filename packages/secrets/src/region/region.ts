import { createHash, randomBytes } from "node:crypto";
import type { Openers } from "../key/opener/openers.ts";
import type { TenantKeys } from "../key/tenant/tenant-keys.ts";

/*
 * Where a tenant may live stands in its id, which every AAD and every MAC covers and which never changes. A tenant that may
 * live anywhere has a random id (UUID version 4), as where there is one region. One that may not has an id of version 8
 * (RFC 9562 §5.8):
 *
 *   byte 0      a bit for each region that it may live in: bit n for the n-th of KEYFOLD_REGIONS, from 0
 *   byte 1      the number of its home, where it is written
 *   all others  random, but for version and variant
 */

/** Regions by name, in their one order: the deployment began in the first. Names are only ever added, at the end. */
export interface Regions {
  /** The one that this process serves. */
  readonly here: string;
  /** 1 to 8 of them. */
  readonly all: readonly string[];
  /** The other regions' root keys: here, where the deployment began, everything that may live there is wrapped under them. */
  readonly keys: readonly RegionKey[];
}

/** Another region's root key, as what it takes to wrap and open under it. */
export interface RegionKey {
  readonly name: string;
  readonly openers: Openers;
  readonly keys: TenantKeys;
}

export interface Residency {
  /** The regions that it may live in; null: any. */
  regions: readonly string[] | null;
  home: string;
}

/** As many as a tenant's id has bits for. */
export const MAX_REGIONS = 8;

/** A new tenant's id. @param regions where it may live, its home among them; null: anywhere */
export function tenantIdIn(all: readonly string[], regions: readonly string[], home: string): string {
  const bytes = randomBytes(16);
  bytes[0] = regions.reduce((bits, name) => bits | (1 << all.indexOf(name)), 0);
  bytes[1] = all.indexOf(home);
  return uuidOf(bytes);
}

/** Where a tenant may live, and where it is written. Of an id of version 4: anywhere, and where the deployment began. */
export function residencyOf(tenantId: string, all: readonly string[]): Residency {
  if (tenantId[14] !== "8") return { regions: null, home: all[0]! };
  const [bits, home] = [Number.parseInt(tenantId.slice(0, 2), 16), Number.parseInt(tenantId.slice(2, 4), 16)];
  return { regions: all.filter((_, n) => (bits & (1 << n)) !== 0), home: all[home] ?? all[0]! };
}

/** A chain's id in another region than the first: the same as the database's region_chain(). */
export function regionChain(id: string, region: string): string {
  return uuidOf(
    createHash("sha256")
      .update("keyfold/region-chain/v1\0")
      .update(Buffer.from(id.replaceAll("-", ""), "hex"))
      .update(region)
      .digest()
      .subarray(0, 16),
  );
}

/** 16 bytes as a UUID of version 8. */
function uuidOf(bytes: Buffer): string {
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
