import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const NAMED = process.env.CHROMIUM_PATH || undefined;
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where Chromium is: named by CHROMIUM_PATH, or where distributions put it. Null: nowhere. */
export const chromiumPath: string | null = NAMED ?? PLACES.find((path) => existsSync(path)) ?? null;

export const WHY_NONE = `no Chromium at ${PLACES.join(", ")}; install it or name it in CHROMIUM_PATH`;

/**
 * What Chromium shall not do. The last flag of this name counts, so Playwright's own list stands here, too; then the pages of
 * Chromium's own window (the popups below its address bar): two more for each visitor, who opens the panel in 1.3 seconds of
 * processor time without them, and in 2.4 with them.
 */
const SWITCHED_OFF = [
  "AvoidCorsURLLoaderRestartOnRedirect",
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "HttpsFirstBalancedModeAutoEnable",
  "HttpsUpgrades",
  "LensOverlay",
  "MediaRouter",
  "NetworkTimeServiceQuerying",
  "OptimizationHints",
  "PaintHolding",
  "PreconnectToSearch",
  "SpareRendererForSitePerProcess",
  "ThirdPartyStoragePartitioning",
  "AimEnabled",
  "WebUIOmniboxAimPopup",
  "WebUIOmniboxFullPopup",
  "WebUIOmniboxPopup",
];

/**
 * A browser as people have it.
 * @param more flags, for what only a test wants
 * @throws when there is none: callers ask `chromiumPath` first
 */
export async function launch(...more: string[]): Promise<Browser> {
  if (chromiumPath === null) throw new Error(WHY_NONE);
  return chromium.launch({
    executablePath: chromiumPath,
    headless: true,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--disable-features=${SWITCHED_OFF.join(",")}`,
      ...more,
    ],
  });
}

/**
 * The browser of a worker's tests, whatever file they are in: it ends with the worker. Its pages live for seconds, in which
 * compiling a script once more, to run it faster, costs more than it saves: a tenth of all that they do.
 */
let shared: Promise<Browser> | null = null;

/** The tests' browser; another one where the last has ended, so that no file fails for what befell one before it. */
export async function testBrowser(): Promise<Browser> {
  const last = await shared?.catch(() => null);
  if (!last?.isConnected()) shared = launch("--js-flags=--no-turbofan --no-maglev");
  return shared!;
}
