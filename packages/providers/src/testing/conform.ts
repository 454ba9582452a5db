import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type ConformanceSubject, providerConformance } from "../conformance.ts";

const page = readFileSync(new URL("../../../../docs/providers.md", import.meta.url), "utf8");

/** The suite as vitest's tests; `skip` gives the reason where the service behind cannot be had here. */
export function conform(subject: ConformanceSubject, skip: () => string | undefined = () => undefined): void {
  describe(`conformance: ${subject.name}`, () => {
    for (const check of providerConformance(subject))
      test(check.name, async (context) => {
        const reason = skip();
        if (reason !== undefined) context.skip(reason);
        await check.run();
      });

    test("is in docs/providers.md, with the faults that it was shown", () => {
      if (subject.name.includes("real")) return; // only where somebody gives one
      expect(page).toContain(`| ${subject.name} | ${subject.service?.faults.join(", ") ?? "none"} |`);
    });
  });
}
