import { join } from "node:path";
import { type Served, type ServeOptions, serveHouse } from "@keyfold/api/testing";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { chromiumPath, testBrowser, WHY_NONE } from "./chromium.ts";
import { type Visitor, visit } from "./visitor.ts";

export interface Scene {
  /** The server under the panel. */
  readonly served: Served;
  /** A new person, at a browser of their own. */
  visitor(): Promise<Visitor>;
  /** A tenant with the secrets that a real one has. */
  furnish(slug: string): ReturnType<typeof furnish>;
}

/**
 * A real server over a real database, and a real browser, for one file of tests. Where there is no browser the tests
 * say that they were skipped; in CI that is a failure.
 */
export function setScene(options: ServeOptions = {}): Scene {
  let served: Served;
  let browser: Browser;
  beforeAll(async () => {
    if (chromiumPath === null) {
      if (process.env.CI) throw new Error(WHY_NONE);
      console.warn(`The panel's browser tests are skipped: ${WHY_NONE}`);
      return;
    }
    const panelDir = join(import.meta.dirname, "../dist");
    [served, browser] = await Promise.all([serveHouse({ panelDir, ...options }), testBrowser()]);
  });
  afterAll(async () => {
    // Whoever did not leave: their test failed.
    await Promise.allSettled(browser?.contexts().map((context) => context.close()) ?? []);
    await served?.close();
  });
  beforeEach(({ skip }) => {
    if (chromiumPath === null) skip(WHY_NONE);
  });
  // A test that fails with the clock moved leaves that to no other.
  afterEach(() => served?.house.moveClock("0"));
  return {
    get served() {
      return served;
    },
    visitor: () => visit(browser, served.url),
    furnish: (slug) => furnish(served, slug),
  };
}

const NAMES = [
  "DATABASE_URL",
  "OPENAI_API_KEY",
  "SESSION_SIGNING_KEY",
  "payments/STRIPE_SECRET_KEY",
  "payments/STRIPE_WEBHOOK_SECRET",
  "email/sendgrid/API_KEY",
  "email/sendgrid/WEBHOOK_PUBLIC_KEY",
];

async function furnish({ house }: Served, slug: string) {
  const tenant = await house.tenant(slug);
  const { secrets } = tenant.caller;
  for (const name of NAMES) await secrets.create({ name, value: `not a real value of ${name}` });
  await secrets.rotate({
    name: "DATABASE_URL",
    value: "postgres://fake:fake@db.invalid/app",
    reason: "Moved to the new cluster",
  });
  return tenant;
}
