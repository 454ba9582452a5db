import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LedgerError, type LedgerErrorCode } from "./error.ts";
import {
  type AuditEvent,
  decodeEvent,
  encodeEvent,
  MAX_DETAILS,
  MAX_EVENT_BYTES,
  type Outcome,
  PreparedEvent,
} from "./event.ts";
import { sampleEvent } from "./testing/chains.ts";

const SALT = Buffer.alloc(16, 7);

/** The code of the LedgerError that `act` throws. */
function codeOf(act: () => unknown): LedgerErrorCode | "none" {
  try {
    act();
  } catch (error) {
    if (error instanceof LedgerError) return error.code;
    throw error;
  }
  return "none";
}

/** A generic RFC 8785 encoder for strings, integers, booleans, null and objects: a second opinion. */
function jcs(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${jcs(member)}`).join(",")}}`;
}

const text = fc.string({ unit: "binary", maxLength: 40 });
const maybe = fc.option(text);
const uuid = fc.uuid();
const key = fc.oneof(
  text,
  fc.constantFrom("__proto__", "constructor", "toString", "2", "10", "\u{1f600}", "\uffff"),
);
const scalar = fc.oneof(text, fc.maxSafeInteger(), fc.boolean(), fc.constant(null));
const anyEvent: fc.Arbitrary<AuditEvent> = fc.record({
  time: fc
    .date({
      min: new Date("0000-01-01T00:00:00Z"),
      max: new Date("9999-12-31T23:59:59.999Z"),
      noInvalidDate: true,
    })
    .map((date) => date.toISOString()),
  action: fc.string({ unit: "binary", minLength: 1, maxLength: 40 }),
  outcome: fc.constantFrom<Outcome[]>("success", "not_found", "denied", "decryption_failed", "error"),
  actor: fc.record({
    type: fc.constantFrom("service_token", "operator", "user", "job", "anonymous"),
    id: maybe,
    name: maybe,
    via: maybe,
  }),
  tenant: fc.option(uuid),
  target: fc.option(
    fc.record({ type: text, id: maybe, name: maybe, version: fc.option(fc.maxSafeInteger()) }),
  ),
  ip: maybe,
  userAgent: maybe,
  correlationId: text,
  reason: maybe,
  details: fc
    .uniqueArray(fc.tuple(key, scalar), { selector: ([name]) => name, maxLength: 8 })
    .map((entries) => Object.fromEntries(entries)),
});

describe("the bytes of an event", () => {
  it("come back as the same event, and the same bytes again", () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const bytes = encodeEvent(event, SALT);
        const decoded = decodeEvent(bytes);
        expect(encodeEvent(decoded, SALT)).toEqual(bytes);
        // Entries, since an own `__proto__` is lost on matchers that assign.
        expect(Object.entries(decoded.details).sort()).toEqual(
          Object.entries(event.details)
            .map(([name, value]) => [name, Object.is(value, -0) ? 0 : value])
            .sort(),
        );
        expect({ ...decoded, details: {} }).toEqual({ ...event, details: {} });
      }),
    );
  });

  it("are what a generic RFC 8785 encoder writes", () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const plain = jcs({ ...event, v: 1, salt: SALT.toString("base64url") });
        expect(encodeEvent(event, SALT).toString("utf8")).toBe(plain);
      }),
    );
  });

  it("are the same when all but time and correlation id was prepared", () => {
    fc.assert(
      fc.property(anyEvent, anyEvent, (event, other) => {
        const { time, correlationId, ...frame } = event;
        const prepared = new PreparedEvent(frame);
        expect(prepared.encode(time, correlationId, SALT)).toEqual(encodeEvent(event, SALT));
        const later = { ...event, time: other.time, correlationId: other.correlationId };
        expect(prepared.encode(later.time, later.correlationId, SALT)).toEqual(encodeEvent(later, SALT));
        expect(() => new PreparedEvent(event)).toThrow(LedgerError);
      }),
    );
    const { time, correlationId, ...frame } = sampleEvent();
    const prepared = new PreparedEvent(frame);
    expect(prepared.encode(time, correlationId)).not.toEqual(prepared.encode(time, correlationId));
    // As long as a UUID, but with a byte more, with an escape, and a character shorter.
    const ids = ["x".repeat(36), `${"x".repeat(35)}é`, `${"x".repeat(35)}"`, "x".repeat(35)];
    const encoded = ids.map((id) => prepared.encode(time, id, SALT));
    expect(encoded).toEqual(ids.map((id) => encodeEvent({ ...frame, time, correlationId: id }, SALT)));
    expect(codeOf(() => prepared.encode("2026-02-30T00:00:00.000Z", correlationId))).toBe("malformed");
    expect(codeOf(() => new PreparedEvent(frame).encode("", correlationId))).toBe("malformed");
    expect(prepared.encode(time, correlationId, SALT)).toEqual(
      encodeEvent({ ...frame, time, correlationId }, SALT),
    );
    expect(codeOf(() => prepared.encode(time, "\ud800"))).toBe("malformed");
    expect(codeOf(() => prepared.encode(time, "x".repeat(2_049)))).toBe("too_large");
  });

  it("do not depend on the order in which the members were given", () => {
    const event = sampleEvent();
    const reversed = Object.fromEntries(Object.entries(event).reverse()) as unknown as AuditEvent;
    reversed.details = Object.fromEntries(Object.entries(event.details).reverse());
    expect(encodeEvent(reversed, SALT)).toEqual(encodeEvent(event, SALT));
  });

  it("differ each time, since each event has a salt of its own", () => {
    const salts = new Set<string>();
    for (let i = 0; i < 1_000; i += 1) {
      const { salt } = JSON.parse(encodeEvent(sampleEvent()).toString()) as { salt: string };
      expect(Buffer.from(salt, "base64url")).toHaveLength(16);
      salts.add(salt);
    }
    expect(salts.size).toBe(1_000);
  });
});

describe("text in an event", () => {
  const roundTrip = (name: string) =>
    decodeEvent(encodeEvent(sampleEvent({ reason: name, details: { [name]: name } })));

  it.each([
    ["line separators", "a\u2028b\u2029c"],
    ["control characters and NUL", "\u0000\u0001\b\t\n\v\f\r\u001f\u007f\u0085"],
    ["quotes and backslashes", '"\\/\\u0041'],
    ["characters beyond the first plane", "\u{1f511}\u{10ffff}"],
    ["a byte order mark", "\ufeffx"],
    ["direction marks", "\u202egnp.exe"],
  ])("keeps %s exactly", (_, value) => {
    const event = roundTrip(value);
    expect(event.reason).toBe(value);
    expect(Object.entries(event.details)).toEqual([[value, value]]);
  });

  it("keeps NFC and NFD spellings apart", () => {
    const [nfc, nfd] = ["caf\u00e9", "cafe\u0301"];
    expect(roundTrip(nfc).reason).toBe(nfc);
    expect(roundTrip(nfd).reason).toBe(nfd);
    const both = decodeEvent(encodeEvent(sampleEvent({ details: { [nfc]: 1, [nfd]: 2 } })));
    expect(both.details).toEqual({ [nfc]: 1, [nfd]: 2 });
  });

  it("writes line separators and DEL as they are, and other control characters in short or lower-case escapes", () => {
    const bytes = encodeEvent(sampleEvent({ reason: "\u2028\u007f\u001f\n" }));
    expect(bytes.toString("utf8")).toContain('"reason":"\u2028\u007f\\u001f\\n"');
  });

  it.each(["\ud800", "x\udfff", "\udc00\ud800", "\ud83d end"])(
    "refuses a lone surrogate, in every place",
    (lone) => {
      const { actor, target } = sampleEvent();
      const places: Partial<AuditEvent>[] = [
        { action: lone },
        { correlationId: lone },
        { ip: lone },
        { reason: lone },
        { userAgent: lone },
        { actor: { ...actor, id: lone } },
        { actor: { ...actor, name: lone } },
        { actor: { ...actor, via: lone } },
        { target: { ...target!, type: lone } },
        { target: { ...target!, id: lone } },
        { target: { ...target!, name: lone } },
        { details: { key: lone } },
        { details: { [lone]: 1 } },
      ];
      for (const place of places) expect(codeOf(() => encodeEvent(sampleEvent(place)))).toBe("malformed");
    },
  );

  it("refuses a lone surrogate written as an escape", () => {
    const bytes = encodeEvent(sampleEvent({ reason: "here" }))
      .toString()
      .replace("here", "\\ud800");
    expect(codeOf(() => decodeEvent(Buffer.from(bytes)))).toBe("malformed");
  });

  it("may be 2,048 bytes long and not one more", () => {
    for (const [fits, over] of [
      ["a".repeat(2_048), "a".repeat(2_049)],
      ["\u00e9".repeat(1_024), `${"\u00e9".repeat(1_024)}a`],
    ]) {
      expect(decodeEvent(encodeEvent(sampleEvent({ userAgent: fits! }))).userAgent).toBe(fits);
      expect(codeOf(() => encodeEvent(sampleEvent({ userAgent: over! })))).toBe("too_large");
    }
  });
});

describe("details", () => {
  it("keep __proto__ and constructor as data and change no prototype", () => {
    const details = JSON.parse('{"__proto__":"polluted","constructor":1,"toString":true}');
    const decoded = decodeEvent(encodeEvent(sampleEvent({ details }))).details;
    expect(Object.entries(decoded)).toEqual([
      ["__proto__", "polluted"],
      ["constructor", 1],
      ["toString", true],
    ]);
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("are sorted by UTF-16 code units, as RFC 8785 has it", () => {
    const keys = ["\u20ac", "\r", "\ufb33", "1", "\u{1f600}", "\u0080", "\u00f6"];
    const details = Object.fromEntries(keys.map((name, i) => [name, i]));
    const written = JSON.parse(encodeEvent(sampleEvent({ details })).toString()) as AuditEvent;
    // The example of RFC 8785 §3.2.3. (An index key comes first in any JavaScript object; here it is not.)
    expect(encodeEvent(sampleEvent({ details })).toString()).toContain(
      '{"\\r":1,"1":3,"\u0080":5,"\u00f6":6,"\u20ac":0,"\u{1f600}":4,"\ufb33":2}',
    );
    expect(Object.keys(written.details)).toHaveLength(7);
  });

  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -(2 ** 53), 1e21])(
    "refuse the number %d, which is no safe integer",
    (number) => {
      expect(codeOf(() => encodeEvent(sampleEvent({ details: { number } })))).toBe("malformed");
    },
  );

  it.each([[undefined], [{}], [[]], [1n], [() => 1], [Symbol("x")]])("refuse what is no scalar", (value) => {
    const details = { value } as unknown as AuditEvent["details"];
    expect(codeOf(() => encodeEvent(sampleEvent({ details })))).toBe("malformed");
  });

  it("write minus zero as 0", () => {
    expect(encodeEvent(sampleEvent({ details: { zero: -0 } })).toString()).toContain('{"zero":0}');
  });

  it(`hold ${MAX_DETAILS} members and not one more`, () => {
    const of = (count: number) =>
      sampleEvent({ details: Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i])) });
    expect(Object.keys(decodeEvent(encodeEvent(of(MAX_DETAILS))).details)).toHaveLength(MAX_DETAILS);
    expect(codeOf(() => encodeEvent(of(MAX_DETAILS + 1)))).toBe("too_large");
  });
});

describe("an event that is none", () => {
  const { actor, target } = sampleEvent();
  it.each<[string, object]>([
    ["an unknown member", { value: "sk_test_not_a_real_key" }],
    ["a missing member", { reason: undefined }],
    ["an unknown outcome", { outcome: "ok" }],
    ["an empty action", { action: "" }],
    ["no actor", { actor: null }],
    ["an unknown kind of actor", { actor: { ...actor, type: "robot" } }],
    ["an unknown member of the actor", { actor: { ...actor, token: "x" } }],
    ["an unknown member of the target", { target: { ...target, value: "x" } }],
    ["no target type", { target: { ...target, type: null } }],
    ["a fraction as a version", { target: { ...target, version: 1.5 } }],
    ["a tenant that is no UUID", { tenant: "acme" }],
    ["a tenant in upper case", { tenant: "00000000-0000-4000-8000-0000000000AA" }],
    ["details that are a list", { details: [] }],
    ["details that are null", { details: null }],
    ["a string where null or a string belongs", { ip: 5 }],
  ])("is refused: %s", (_, change) => {
    expect(codeOf(() => encodeEvent(sampleEvent(change as Partial<AuditEvent>)))).toBe("malformed");
  });

  it.each([
    "2026-03-01T10:11:12Z",
    "2026-03-01T10:11:12.345678Z",
    "2026-03-01T10:11:12.345+00:00",
    "2026-03-01 10:11:12.345Z",
    "2026-02-29T10:11:12.345Z",
    "2026-04-31T10:11:12.345Z",
    "2026-13-01T10:11:12.345Z",
    "2026-03-01T24:00:00.000Z",
    "2026-03-01T23:59:60.000Z",
    "+012026-03-01T10:11:12.345Z",
    "2026-03-01T10:11:12.345Z\n",
    "",
  ])("is refused: the time %j", (time) => {
    expect(codeOf(() => encodeEvent(sampleEvent({ time })))).toBe("malformed");
  });

  it("takes the leap day of a leap year", () => {
    const time = "2028-02-29T23:59:59.999Z";
    expect(decodeEvent(encodeEvent(sampleEvent({ time }))).time).toBe(time);
  });

  it("is refused for a salt that is not 16 bytes", () => {
    expect(codeOf(() => encodeEvent(sampleEvent(), Buffer.alloc(15)))).toBe("malformed");
    expect(codeOf(() => encodeEvent(sampleEvent(), Buffer.alloc(17)))).toBe("malformed");
  });

  it("is refused beyond the most bytes an event may have, though every string fits", () => {
    const details = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`k${i}`, "x".repeat(2_000)]));
    expect(codeOf(() => encodeEvent(sampleEvent({ details })))).toBe("too_large");
    expect(codeOf(() => decodeEvent(Buffer.alloc(MAX_EVENT_BYTES + 1, " ")))).toBe("too_large");
  });

  it("is named by its error without anything of what it held", () => {
    const canary = "sk_test_not_a_real_key";
    const bad: (() => unknown)[] = [
      () => encodeEvent(sampleEvent({ reason: `${canary}\ud800` })),
      () => encodeEvent(sampleEvent({ details: { [`${canary}\ud800`]: 1 } })),
      () => encodeEvent(sampleEvent({ tenant: canary, time: canary })),
      () => encodeEvent(sampleEvent({ outcome: canary as Outcome })),
      () => decodeEvent(Buffer.from(canary)),
      () => decodeEvent(Buffer.from(`{"${canary}":1}`)),
    ];
    for (const act of bad) {
      expect(act).toThrow(LedgerError);
      expect(act).not.toThrow(canary);
    }
  });
});

describe("reading an event", () => {
  const good = encodeEvent(sampleEvent(), SALT).toString();
  it.each<[string, string]>([
    ["a space", good.replace(",", ", ")],
    ["a line feed at the end", `${good}\n`],
    ["a byte order mark", `\ufeff${good}`],
    ["a doubled member", good.replace('"v":1', '"v":1,"v":1')],
    ["an unknown member", good.replace('"v":1', '"v":1,"w":1')],
    ["a __proto__ member", good.replace("{", '{"__proto__":1,')],
    ["another order", good.replace('"reason":null,', "").replace('"v":1', '"reason":null,"v":1')],
    ["a needless escape", good.replace("curl", "\\u0063url")],
    ["an escaped slash", good.replace("curl/", "curl\\/")],
    ["a number written otherwise", good.replace('"version":3', '"version":3.0')],
    ["no salt", good.replace(`"salt":"${SALT.toString("base64url")}",`, "")],
    ["a short salt", good.replace(SALT.toString("base64url"), "BwcH")],
    ["a salt with stray bits", good.replace('Bw","target', 'Bx","target')],
    ["a version that is no number", good.replace('"v":1', '"v":"1"')],
    ["a list", "[]"],
    ["null", "null"],
    ["deep nesting", "[".repeat(60_000)],
    ["nothing", ""],
  ])("refuses %s", (_, bytes) => {
    expect(bytes).not.toBe(good);
    expect(codeOf(() => decodeEvent(Buffer.from(bytes)))).toBe("malformed");
  });

  it("refuses bytes that are no UTF-8", () => {
    const bytes = Buffer.from(good);
    bytes[bytes.indexOf("curl")] = 0xff;
    expect(codeOf(() => decodeEvent(bytes))).toBe("malformed");
  });

  it("says that an event of a later format is one", () => {
    const later = good.replace('"v":1', '"v":2').replace('"ip"', '"device":null,"ip"');
    expect(codeOf(() => decodeEvent(Buffer.from(later)))).toBe("unsupported_version");
  });

  it("refuses every way to cut it short", () => {
    for (let end = 0; end < good.length; end += 1) {
      expect(codeOf(() => decodeEvent(Buffer.from(good.slice(0, end))))).toBe("malformed");
    }
  });

  it("takes any view of bytes, also one that does not begin at its buffer's start", () => {
    const padded = new Uint8Array([0, 0, ...Buffer.from(good), 0]);
    expect(decodeEvent(padded.subarray(2, -1))).toEqual(sampleEvent());
  });
});
