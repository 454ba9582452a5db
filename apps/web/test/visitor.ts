import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect, onTestFailed } from "vitest";
import { loaded } from "./inside.ts";

const artifacts = join(import.meta.dirname, "../../../artifacts/panel");
mkdirSync(artifacts, { recursive: true });
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The long form looks at both sizes in both themes. */
const EVERY_LOOK = process.env.KEYFOLD_LOOKS === "all";
const SIZES = { "360": { width: 360, height: 740 }, "1280": { width: 1280, height: 800 } };

/** A person at a browser of their own, who notices everything that goes wrong in it. */
export interface Visitor {
  page: Page;
  context: BrowserContext;
  /** Errors on the console, exceptions and breaches of the content security policy. */
  complaints: string[];
  /** Every address that was asked for. */
  addresses: string[];
  /** Signs in with a token and opens an address: by default, wherever that token leads. */
  signIn(token: string, path?: string): Promise<void>;
  /**
   * Looks at a state in both themes and both sizes: axe must find nothing in either; a picture of each is kept. Wait first
   * for what the state is known by: what an action leads to may be a call away.
   */
  look(name: string, sizes?: readonly ("360" | "1280")[]): Promise<void>;
  /** Keeps a picture of a state as it is, and judges nothing. */
  picture(name: string): Promise<void>;
  leave(): Promise<void>;
}

export async function visit(browser: Browser, url: string): Promise<Visitor> {
  const context = await browser.newContext({
    baseURL: url,
    viewport: SIZES["1280"],
    colorScheme: "light",
    locale: "en",
  });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: url });
  const page = await context.newPage();
  // For machines that do other work as well: what never comes fails, what comes late does not.
  page.setDefaultTimeout(60_000);
  await page.clock.install();
  const complaints: string[] = [];
  const addresses: string[] = [];
  page.on("console", (message) => {
    // Chromium reports every refused call here; the tests look at those by themselves.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  const failed = nameOfFailed();
  // What a person would have seen, for whoever has to find out why; where they have left, the test went on to its end.
  onTestFailed(async () => {
    if (page.isClosed()) return;
    console.error(failed, page.url(), complaints);
    await page.screenshot({ path: join(artifacts, failed) }).catch(() => undefined);
  });
  page.on("request", (request) => addresses.push(request.url()));
  return {
    page,
    context,
    complaints,
    addresses,
    async signIn(token, path = "/") {
      // By the call that the form makes: the form has tests of its own (screens, team), and costs a page each time.
      const answer = await context.request.post("/session", {
        headers: { "x-keyfold": "panel", origin: url },
        data: { token },
      });
      if (!answer.ok()) throw new Error(`signing in was refused: ${await answer.text()}`);
      await page.goto(path);
      await page.waitForURL((at) => at.pathname !== "/");
    },
    async look(name, sizes = ["360", "1280"]) {
      await loaded(page);
      for (const theme of ["light", "dark"] as const) {
        // Light and wide, dark and narrow: each theme and each size is judged once.
        const judged = sizes.filter(
          (size) => EVERY_LOOK || sizes.length === 1 || (theme === "light") === (size === "1280"),
        );
        await page.emulateMedia({ colorScheme: theme });
        await page.locator(`html[data-theme=${theme}]`).waitFor({ state: "attached" });
        for (const size of judged) {
          await page.setViewportSize(SIZES[size]);
          await settled(page);
          await page.screenshot({ path: join(artifacts, `${name}-${theme}-${size}.png`) });
          expect.soft(await sidewaysScroll(page), `${name} scrolls sideways at ${size}`).toBe(0);
          // The same size in the other theme: nothing but the colours is another.
          const again = theme === "dark" && (EVERY_LOOK || sizes.length === 1);
          const rules = again ? ["color-contrast"] : undefined;
          expect.soft(await violations(page, rules), `${name}, ${theme}, ${size}`).toEqual([]);
        }
      }
      await page.emulateMedia({ colorScheme: "light" });
      await page.setViewportSize(SIZES[sizes.at(-1)!]);
    },
    async picture(name) {
      await settled(page);
      await page.screenshot({ path: join(artifacts, `${name}.png`) });
    },
    leave: () => context.close(),
  };
}

const visits = new Map<string, number>();

/** The picture's name of a visitor whose test fails: the test's, and which of its visitors this is. */
function nameOfFailed(): string {
  const test = expect.getState().currentTestName ?? "";
  const nth = (visits.get(test) ?? 0) + 1;
  visits.set(test, nth);
  return `failed-${test.replaceAll(/[^a-z0-9]+/gi, "-").slice(0, 80)}-${nth}.png`;
}

/** Waits for fonts and for what is moving to have moved. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready;
    const moving = () =>
      document.getAnimations().filter(({ effect, playState }) => {
        const { iterations, duration } = effect!.getTiming();
        return playState === "running" && iterations === 1 && (duration as number) < 1000;
      });
    // The browser's own frame, which a new size and a new theme have reached: requestAnimationFrame is the test's clock's.
    const frame = () =>
      new Promise<void>((drawn) => {
        const observer = new ResizeObserver(() => {
          observer.disconnect();
          drawn();
        });
        observer.observe(document.documentElement);
      });
    // What ends may let something else begin: still is what moves in none of two frames.
    for (let still = 0; still < 2; ) {
      const all = moving();
      for (const one of all) one.finish();
      still = all.length === 0 ? still + 1 : 0;
      await frame();
    }
  });
}

const sidewaysScroll = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/**
 * What axe finds in a page that stands still. What came while it looked was judged half faded in: what is found then is
 * looked for again.
 * @param only these of its rules; without it all of them
 */
export async function violations(page: Page, only?: string[]): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe);
  for (let left = 5; ; left--) {
    await settled(page);
    const { found, changed } = await judge(page, only);
    if (found.length === 0 || !changed || left === 0) return found;
  }
}

const judge = (page: Page, only?: string[]): Promise<{ found: string[]; changed: boolean }> =>
  page.evaluate(async (rules) => {
    const { axe: engine } = window as unknown as {
      axe: {
        run(options: {
          rules: Record<string, { enabled: boolean }>;
          runOnly?: { type: "rule"; values: string[] };
          resultTypes: string[];
          preload: boolean;
        }): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
      };
    };
    let changed = false;
    const changes = new MutationObserver(() => {
      changed = true;
    });
    changes.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    const { violations: found } = await engine.run({
      // WCAG 2.2's, which axe leaves out unless it is asked for.
      ...(rules === undefined ? {} : { runOnly: { type: "rule", values: rules } }),
      rules: { "target-size": { enabled: rules === undefined } },
      resultTypes: ["violations"],
      // Of what it would fetch once more, the page's own style sheet, no rule that is on makes use.
      preload: false,
    });
    changes.disconnect();
    return {
      found: found.flatMap(({ id, nodes }) =>
        nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`),
      ),
      changed,
    };
  }, only);

/** Every place of a page in which a value must never be, as text. */
export function traces(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const attributes = [...document.querySelectorAll("*")].flatMap((element) =>
      [...element.attributes].map(({ name, value }) => `${name}=${value}`),
    );
    const stores = [localStorage, sessionStorage].map((store) => JSON.stringify({ ...store }));
    const cached: string[] = [];
    // An opaque origin, such as that of about:blank, has neither.
    if (window.isSecureContext && origin !== "null") {
      for (const { name: database } of await indexedDB.databases()) {
        const opened = await new Promise<IDBDatabase>((resolve, reject) => {
          const asked = indexedDB.open(database!);
          asked.onsuccess = () => resolve(asked.result);
          asked.onerror = () => reject(asked.error);
        });
        for (const store of opened.objectStoreNames) {
          const found = opened.transaction(store).objectStore(store);
          for (const asked of [found.getAllKeys(), found.getAll()])
            cached.push(
              await new Promise<string>((resolve, reject) => {
                asked.onsuccess = () => resolve(JSON.stringify(asked.result));
                asked.onerror = () => reject(asked.error);
              }),
            );
        }
        opened.close();
      }
      for (const cache of await caches.keys())
        for (const request of await (await caches.open(cache)).keys())
          cached.push(request.url, (await (await caches.match(request))?.text()) ?? "");
    }
    return [
      ...attributes,
      ...stores,
      ...cached,
      document.cookie,
      document.title,
      location.href,
      JSON.stringify(history.state),
      name,
    ].join("\n");
  });
}
