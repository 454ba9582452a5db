import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Served, serveHouse } from "@keyfold/api/testing";
import react from "@vitejs/plugin-react";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, test } from "vitest";
import { launch } from "../test/chromium.ts";

/*
 * The panel's figures: script of the first screen, compressed; how soon it can be used, beside an empty page of Vite and
 * React that the same kind of server serves to the same browser; and a list of 10,000 keys, scrolled, from Chromium's trace.
 */

const LOADS = 15;
const KEYS = 10_000;
const web = join(import.meta.dirname, "..");
const said: string[] = [];
let browser: Browser;
let panel: Served;
let empty: Served;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(web, "node_modules/.bench-"));
  writeFileSync(
    join(folder, "index.html"),
    `<!doctype html><html lang="en"><title>Empty</title><div id="root"></div><script type="module" src="/main.tsx"></script></html>`,
  );
  writeFileSync(
    join(folder, "main.tsx"),
    `import { createRoot } from "react-dom/client";
     createRoot(document.getElementById("root")!).render(<button type="button">Sign in</button>);`,
  );
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = "production";
  await build({ root: folder, configFile: false, plugins: [react()], logLevel: "warn", mode: "production" });
  process.env.NODE_ENV = before;
  [panel, empty, browser] = await Promise.all([
    serveHouse({ panelDir: join(web, "dist") }),
    serveHouse({ panelDir: join(folder, "dist") }),
    launch(),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([panel?.close(), empty?.close()]);
  rmSync(folder, { recursive: true, force: true });
  console.log(`\n${said.join("\n")}\n`);
  // For `npx -y pnpm@12 bench panel`, which writes them down.
  if (process.env.KEYFOLD_BENCH_SAID) writeFileSync(process.env.KEYFOLD_BENCH_SAID, `${said.join("\n")}\n`);
});

test("script of the first screen", async () => {
  const { token, caller } = await panel.house.tenant("first");
  await caller.secrets.create({ name: "DATABASE_URL", value: "not a real value" });
  const page = await (await browser.newContext({ baseURL: panel.url })).newPage();
  await signIn(page, token);
  const scripts = new Set<string>();
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.endsWith(".js")) scripts.add(pathname);
  });
  await page.reload();
  await page.getByRole("rowheader", { name: "DATABASE_URL" }).waitFor();
  await page.waitForLoadState("networkidle");
  const bytes = [...scripts].reduce(
    (sum, path) => sum + gzipSync(readFileSync(join(web, "dist", path))).length,
    0,
  );
  said.push(`first screen: ${(bytes / 1024).toFixed(1)} KB of script, compressed (at most 150)`);
  await page.context().close();
});

async function signIn(page: Page, token: string): Promise<void> {
  page.setDefaultTimeout(60_000);
  const headers = { "x-keyfold": "panel", origin: panel.url };
  const answer = await page.context().request.post("/session", { headers, data: { token } });
  if (!answer.ok()) throw new Error(`signing in was refused: ${answer.status()}`);
  await page.goto("/");
  await page.waitForURL("**/t/**");
}

/** What one cold load took, in milliseconds. */
interface Load {
  /** Until there was a button to press and no task longer than 50 ms ran any more, by the clock. */
  wall: number;
  /** What the page's own thread worked meanwhile: other programs of the machine do not count. */
  worked: number;
}

test("time to interactive", async () => {
  const times: Record<"panel" | "empty", Load[]> = { panel: [], empty: [] };
  // In turns, so that a machine that drifts drifts for both.
  for (let i = 0; i <= LOADS; i++)
    for (const which of ["panel", "empty"] as const) {
      const load = await interactive(which === "panel" ? `${panel.url}/sign-in` : `${empty.url}/`);
      if (i > 0) times[which].push(load);
    }
  const compare = (of: (load: Load) => number): string => {
    const [ours, theirs] = [median(times.panel.map(of)), median(times.empty.map(of))];
    return `${ours.toFixed(0)} ms, an empty Vite React page ${theirs.toFixed(0)} ms, ratio ${(ours / theirs).toFixed(2)}`;
  };
  said.push(
    `time to interactive (median of ${LOADS} cold loads each): ${compare(({ wall }) => wall)} (below 2)`,
    `of that, work of the page's thread: ${compare(({ worked }) => worked)}`,
  );
});

/** Loads a page with nothing cached. */
async function interactive(url: string): Promise<Load> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.addInitScript(() => {
    const facts = { ready: 0, busy: 0 };
    Object.assign(window, { facts });
    new PerformanceObserver((list) => {
      for (const task of list.getEntries()) facts.busy = Math.max(facts.busy, task.startTime + task.duration);
    }).observe({ type: "longtask", buffered: true });
    const seen = () => {
      if (facts.ready === 0 && document.querySelector("button") !== null) facts.ready = performance.now();
    };
    new MutationObserver(seen).observe(document, { childList: true, subtree: true });
  });
  await page.goto(url);
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  await page.waitForLoadState("networkidle");
  const { ready, busy } = await page.evaluate(
    () => (window as unknown as { facts: { ready: number; busy: number } }).facts,
  );
  const { metrics } = await devtools.send("Performance.getMetrics");
  const worked = (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0) * 1000;
  await context.close();
  return { wall: Math.max(ready, busy), worked };
}

const median = (list: number[]): number => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;

test("10,000 keys, scrolled", async () => {
  const { token, caller } = await panel.house.tenant("many");
  for (let from = 0; from < KEYS; from += 500)
    await caller.secrets.setMany({
      items: Array.from({ length: 500 }, (_, i) => ({
        name: `KEY_${String(from + i).padStart(5, "0")}`,
        value: "not a real value",
      })),
    });
  const context = await browser.newContext({ baseURL: panel.url, viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await signIn(page, token);
  await page.goto("/t/many/overview");
  await page.getByText("10,000 keys", { exact: true }).waitFor();
  await page.getByRole("rowheader").first().waitFor();
  await page.waitForLoadState("networkidle");
  const grid = (await page.getByRole("rowheader").nth(5).boundingBox())!;
  await page.mouse.move(grid.x + 10, grid.y + 10);
  let rows = 0;
  await browser.startTracing(page, { categories: ["toplevel", "devtools.timeline", "__metadata"] });
  for (let turn = 0; turn < 80; turn++) {
    await page.mouse.wheel(0, turn < 40 ? 900 : -600);
    // Counted by the page itself: a locator's own work would stand in the trace.
    if (turn % 8 === 0)
      rows = Math.max(rows, await page.evaluate(() => document.querySelectorAll("[role=row], tr").length));
  }
  const long = longTasks(await browser.stopTracing());
  said.push(
    `10,000 keys: at most ${rows} rows in the DOM (below 100); scrolled 80 turns of the wheel: ${long.count} tasks above 50 ms, the longest ${long.longest.toFixed(0)} ms (none); of work alone ${long.worked.count}, the longest ${long.worked.longest.toFixed(0)} ms`,
  );
  await context.close();
});

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Microseconds, by the clock and of the thread's own time. */
  dur?: number;
  tdur?: number;
  args?: { name?: string };
}

/** Tasks of renderers' main threads, from a trace. */
function longTasks(trace: Buffer) {
  const { traceEvents } = JSON.parse(trace.toString("utf8")) as { traceEvents: TraceEvent[] };
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = traceEvents.filter(
    ({ name, ph, pid, tid }) => ph === "X" && /RunTask$/.test(name) && mains.has(`${pid} ${tid}`),
  );
  const above = (times: readonly number[]) => ({
    count: times.filter((ms) => ms > 50).length,
    longest: Math.max(0, ...times),
  });
  return {
    ...above(tasks.map(({ dur = 0 }) => dur / 1000)),
    // Without what other programs took of the machine in between.
    worked: above(tasks.map(({ tdur = 0 }) => tdur / 1000)),
  };
}
