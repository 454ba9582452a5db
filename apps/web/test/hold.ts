import type { Page } from "playwright-core";

/** A call that is on its way for as long as a test wants, and then never arrives. */
export interface Held {
  /** Waits until it was made, and lets it fail; the next ones of its kind go through. */
  fail(): Promise<void>;
}

/** Holds the next call whose address fits. */
export async function hold(page: Page, address: RegExp): Promise<Held> {
  const made = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  await page.route(
    address,
    async (route) => {
      made.resolve();
      await over.promise;
      await route.abort("connectionfailed");
    },
    { times: 1 },
  );
  return {
    async fail() {
      await made.promise;
      over.resolve();
    },
  };
}
