import type { BlockList } from "node:net";
import { isIP } from "node:net";
import { isOwnHost } from "./host-check.ts";

/** Where a request came from. */
export interface Origin {
  /** The client's address; null where there is no socket (a call inside the process). */
  ip: string | null;
  /** Whether the client spoke https. */
  https: boolean;
}

/** As much of a request's headers as is read here. Names in lower case. */
export interface HeaderSource {
  get(name: string): string | null;
}

/** What the connection says, before any header is believed. */
export interface Peer {
  address: string | null;
  encrypted: boolean;
}

/** Believes X-Forwarded-For and X-Forwarded-Proto exactly where the peer is a trusted proxy. */
export function originOf(peer: Peer, headers: HeaderSource, trusted: BlockList | null): Origin {
  const address = plain(peer.address);
  const forwarded = headers.get("x-forwarded-for");
  if (trusted === null || !isTrusted(address, trusted)) {
    return { ip: address, https: peer.encrypted };
  }
  // Each proxy appends its peer: from the right, the first address that is no proxy of ours is the client.
  let ip = address;
  for (const hop of (forwarded ?? "").split(",").reverse()) {
    const next = plain(hop.trim());
    if (next === null || isIP(next) === 0) break;
    ip = next;
    if (!isTrusted(next, trusted)) break;
  }
  const proto = headers.get("x-forwarded-proto")?.split(",").at(-1)?.trim().toLowerCase();
  return { ip, https: proto === undefined ? peer.encrypted : proto === "https" };
}

/**
 * Whether a call comes from this machine itself, under a loopback name and through no proxy. A proxy on this machine makes every
 * stranger's call come from loopback. Most add a header that says so, or pass on the public name; for those that do neither there
 * is a warning in docs/deploy.md.
 */
export function isLocal(peer: Peer, headers: Pick<Headers, "get" | "keys">): boolean {
  if (!isLoopback(plain(peer.address)) || !isOwnHost(headers.get("host"), null)) return false;
  for (const name of headers.keys()) {
    if (name.startsWith("x-forwarded-") || PROXY_HEADERS.has(name)) return false;
  }
  return true;
}

const PROXY_HEADERS: ReadonlySet<string> = new Set(["forwarded", "via", "x-real-ip"]);

function isTrusted(address: string | null, trusted: BlockList): boolean {
  const version = address === null ? 0 : isIP(address);
  return version !== 0 && trusted.check(address!, version === 4 ? "ipv4" : "ipv6");
}

const isLoopback = (address: string | null): boolean => address !== null && /^(127\.|::1$)/.test(address);

/** An IPv4 client of a socket that speaks both is `::ffff:127.0.0.1`. */
const plain = (address: string | null): string | null =>
  address?.startsWith("::") ? address.replace(/^::ffff:(?=\d+\.)/i, "") : address;
