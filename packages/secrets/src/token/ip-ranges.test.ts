import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { requestInfo } from "../router/context.ts";
import { verbs } from "../router/verbs.ts";
import { type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";
import { ipRange, isFrom, rangesWithin } from "./ip-ranges.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

const spelt = (text: string) => ipRange.safeParse(text).data ?? null;

test.each([
  ["203.0.113.9", "203.0.113.9/32"],
  ["203.0.113.9/24", "203.0.113.0/24"],
  ["0.0.0.0/0", "0.0.0.0/0"],
  ["10.255.255.255/12", "10.240.0.0/12"],
  ["2001:DB8:0::1", "2001:db8::1/128"],
  ["2001:db8:ffff::/33", "2001:db8:8000::/33"],
  ["::/0", "::/0"],
  ["::ffff:203.0.113.9", "203.0.113.9/32"],
  ["::ffff:cb00:7109/120", "203.0.113.0/24"],
])("%s is %s", (text, one) => {
  expect(spelt(text)).toBe(one);
});

test.each([
  "",
  " 203.0.113.9",
  "203.0.113.9/33",
  "203.0.113.9/-1",
  "203.0.113.9/",
  "203.0.113.9/24/24",
  "203.0.113.9/2 4",
  "203.0.113",
  "0x7f.1",
  "0177.0.0.1",
  "1.2.3.256",
  "example.com",
  "fe80::1%eth0",
  "2001:db8::/129",
  "::ffff:203.0.113.9/24", // wider than all of IPv4
  "*",
  "１.2.3.4",
])("%j is no range", (text) => {
  expect(spelt(text)).toBeNull();
});

test("an address is judged as an address: mapped or not, however it is written; unknown ones are from nowhere", () => {
  const ranges = ["10.0.0.0/8", "2001:db8::/32"];
  for (const ip of ["10.1.2.3", "::ffff:10.1.2.3", "::FFFF:0a01:0203", "2001:0db8::5"])
    expect(isFrom(ranges, ip), ip).toBe(true);
  for (const ip of [
    "11.0.0.1",
    "::ffff:11.0.0.1",
    "2001:db9::",
    "::10.1.2.3",
    "",
    "nonsense",
    "10.1.2.3, 11.0.0.1",
    null,
  ])
    expect(isFrom(ranges, ip), String(ip)).toBe(false);
  expect(isFrom(null, null)).toBe(true);
  expect(isFrom(["0.0.0.0/0"], "2001:db8::1")).toBe(false);
});

test("a range within another lets in nobody whom the other keeps out", () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const range = fc
    .tuple(octet, octet, octet, octet, fc.integer({ min: 0, max: 32 }))
    .map(([a, b, c, d, bits]) => spelt(`${a}.${b}.${c}.${d}/${bits}`)!);
  fc.assert(
    fc.property(range, range, octet, (inner, outer, last) => {
      const ip = inner.replace(/\d+\/\d+$/, String(last));
      if (rangesWithin([inner], [outer]) && isFrom([inner], ip)) expect(isFrom([outer], ip)).toBe(true);
    }),
  );
  expect(rangesWithin(["10.1.0.0/16"], ["10.0.0.0/8"])).toBe(true);
  expect(rangesWithin(["10.0.0.0/8"], ["10.1.0.0/16"])).toBe(false);
  expect(rangesWithin(null, ["0.0.0.0/0"])).toBe(false);
  expect(rangesWithin(["::/0"], null)).toBe(true);
});

const from = (token: string | null, ip: string | null) => requestInfo({ token, ip });

test("a token is taken from its addresses only, cold and warm, and refused from others like one that is none; its tenant hears of it", async () => {
  const { caller } = await house.tenant("ranges");
  await caller.secrets.create({ name: "K", value: "not a real value" });
  const { token, details } = await caller.tokens.create({
    name: "office",
    preset: "reader",
    ipRanges: ["10.1.2.3/8", "::ffff:10.0.0.0/104"],
  });
  expect(details.ipRanges).toEqual(["10.0.0.0/8"]);
  const read = (ip: string | null) =>
    codeOf(house.server.invoke(verbs.secrets.reveal, from(token, ip), { name: "K" }));
  expect(await read("10.9.9.9")).toBe("allowed");
  expect(await read("10.9.9.9")).toBe("allowed");
  for (const ip of ["192.0.2.1", "2001:db8::1", null]) expect(await read(ip)).toBe("unauthenticated");
  expect(await read("::ffff:10.0.0.1")).toBe("allowed");
  const { events } = await caller.audit.list({ outcome: "denied" });
  expect(events.map((e) => [e.action, e.actor.id, e.ip, e.details.code])).toEqual([
    ["secret.accessed", details.id, null, "unauthenticated"],
    ["secret.accessed", details.id, "2001:db8::1", "unauthenticated"],
    ["secret.accessed", details.id, "192.0.2.1", "unauthenticated"],
  ]);
});

test("a session of such a token is bound to its addresses, too, and starts from none else", async () => {
  const { caller } = await house.tenant("sessions");
  const { token } = await caller.tokens.create({ name: "t", preset: "reader", ipRanges: ["10.0.0.0/8"] });
  expect(await codeOf(house.server.startSession(from(token, "192.0.2.1")))).toBe("unauthenticated");
  const { secret } = await house.server.startSession(from(token, "10.0.0.1"));
  const list = (ip: string) =>
    codeOf(house.server.invoke(verbs.secrets.list, requestInfo({ session: secret, ip }), {}));
  expect([await list("10.0.0.2"), await list("192.0.2.1")]).toEqual(["allowed", "unauthenticated"]);
});

test("a token gives away no address that it may not call from", async () => {
  const { caller } = await house.tenant("granted");
  const { token } = await caller.tokens.create({ name: "t", preset: "admin", ipRanges: ["10.0.0.0/8"] });
  const make = (input: object) =>
    codeOf(
      house.server.invoke(verbs.tokens.create, from(token, "10.0.0.1"), {
        name: "n",
        preset: "reader",
        ...input,
      }),
    );
  expect(await make({})).toBe("forbidden");
  expect(await make({ ipRanges: ["0.0.0.0/0"] })).toBe("forbidden");
  expect(await make({ ipRanges: ["10.1.0.0/16", "192.0.2.1"] })).toBe("forbidden");
  expect(await make({ ipRanges: ["10.1.0.0/16"] })).toBe("allowed");
  for (const ipRanges of [[], ["nonsense"], Array(33).fill("10.0.0.1"), "10.0.0.1"])
    expect(await make({ ipRanges })).toBe("bad_input");
});

test("ranges that somebody widened or took away in the database are refused by name", async () => {
  const { caller } = await house.tenant("widened");
  const { token, details } = await caller.tokens.create({
    name: "t",
    preset: "reader",
    ipRanges: ["10.0.0.0/8"],
  });
  for (const to of ["'[\"0.0.0.0/0\"]'", "NULL", "'[]'"]) {
    await house.tamper(`UPDATE control_plane.service_tokens SET ip_ranges = ${to} WHERE id = $1`, [
      details.id,
    ]);
    const outcome = house.server.invoke(verbs.secrets.list, from(token, "192.0.2.1"), {});
    expect(await codeOf(outcome)).toBe("integrity_failed");
  }
});
