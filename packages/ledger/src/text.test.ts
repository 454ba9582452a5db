import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitText } from "./text.ts";

describe("fitText", () => {
  it("leaves alone what fits", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 100 }), (text) => {
        expect(fitText(text)).toBe(text);
      }),
    );
  });

  it("always gives well-formed text within the limit", () => {
    const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 });
    fc.assert(
      fc.property(units, fc.integer({ min: 0, max: 40 }), (codes, limit) => {
        const fitted = fitText(String.fromCharCode(...codes), limit);
        expect(fitted.isWellFormed()).toBe(true);
        expect(Buffer.byteLength(fitted)).toBeLessThanOrEqual(limit);
      }),
    );
  });

  it("cuts between characters, never inside one", () => {
    expect(fitText("ab\u{1f511}", 5)).toBe("ab");
    expect(fitText("ab\u{1f511}", 6)).toBe("ab\u{1f511}");
    expect(fitText("\u00e9\u00e9", 3)).toBe("\u00e9");
  });

  it("replaces lone surrogates", () => {
    expect(fitText("a\ud800b")).toBe("a\ufffdb");
  });
});
