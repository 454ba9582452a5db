import { describe, test } from "vitest";
import { type ConformanceSubject, providerConformance } from "../conformance.ts";

/** The suite as vitest's tests; `skip` gives the reason where the service behind cannot be had here. */
export function conform(subject: ConformanceSubject, skip: () => string | undefined = () => undefined): void {
  describe(`conformance: ${subject.name}`, () => {
    for (const check of providerConformance(subject))
      test(check.name, async (context) => {
        const reason = skip();
        if (reason !== undefined) context.skip(reason);
        await check.run();
      });
  });
}
