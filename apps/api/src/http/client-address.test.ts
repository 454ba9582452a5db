import { expect, test } from "vitest";
import { parseProxies } from "../config/trusted-proxies.ts";
import { isLocal, originOf } from "./client-address.ts";

const trusted = parseProxies("10.0.0.0/8, 127.0.0.1, fd00::/8");
const headers = (given: Record<string, string>) => new Headers(given);

test("forwarded headers are ignored unless the peer is a trusted proxy", () => {
  const forged = headers({ "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https" });
  expect(originOf({ address: "198.51.100.7", encrypted: false }, forged, trusted)).toEqual({
    ip: "198.51.100.7",
    https: false,
  });
  expect(originOf({ address: "127.0.0.1", encrypted: false }, forged, null)).toMatchObject({
    ip: "127.0.0.1",
    https: false,
  });
});

test("behind a trusted proxy, the client is the first address from the right that is no proxy", () => {
  const given = headers({
    "x-forwarded-for": "1.1.1.1, 203.0.113.9, 10.1.2.3",
    "x-forwarded-proto": "https",
  });
  expect(originOf({ address: "::ffff:10.0.0.1", encrypted: false }, given, trusted)).toEqual({
    ip: "203.0.113.9",
    https: true,
  });
});

test("an entry that is no address ends the search: what stands left of it is the client's own invention", () => {
  const given = headers({ "x-forwarded-for": "203.0.113.9, unknown" });
  expect(originOf({ address: "10.0.0.1", encrypted: false }, given, trusted).ip).toBe("10.0.0.1");
});

test("a call is local only where it comes from this machine, under a loopback name and through no proxy", () => {
  const comes = (address: string, given: Record<string, string>) =>
    isLocal({ address, encrypted: false }, headers(given));
  const host = "127.0.0.1:4400";
  expect(comes("127.0.0.1", { host })).toBe(true);
  expect(comes("::ffff:127.0.0.1", { host })).toBe(true);
  expect(comes("::1", { host: "localhost" })).toBe(true);
  expect(comes("10.0.0.1", { host })).toBe(false);
  expect(comes("127.0.0.1", { host: "keyfold.example.com" })).toBe(false);
  expect(comes("127.0.0.1", {})).toBe(false);
  for (const header of [
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-real-ip",
    "via",
    "forwarded",
  ])
    expect([header, comes("127.0.0.1", { host, [header]: "x" })]).toEqual([header, false]);
});

test.each(["10.0.0.0/33", "10.0.0.1/", "::1/129", "host", "10.0.0.1/8/8", ""])("%j is no proxy", (entry) => {
  expect(parseProxies(entry)).toBe(null);
});
