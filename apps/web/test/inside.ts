import type { Page } from "playwright-core";

/** What the panel's own page holds: its router, and what its queries read. */
interface Inside {
  __TSR_ROUTER__: {
    routesByPath: Record<string, { options: { staticData?: { needs?: string } } }>;
    history: { push(path: string): void };
    load(): Promise<void>;
    state: { status: string };
  };
}

/** Every address that the panel knows, as its router says it. */
export const routesOf = (page: Page): Promise<string[]> =>
  page.evaluate(() => Object.keys((window as unknown as Inside).__TSR_ROUTER__.routesByPath));

/** Goes somewhere as a link would: the page is not loaded again. */
export async function goTo(page: Page, path: string): Promise<void> {
  await page.evaluate(async (to) => {
    const router = (window as unknown as Inside).__TSR_ROUTER__;
    router.history.push(to);
    await router.load();
  }, path);
}

/** Forgets what was read, so that the next screen asks for all of it. */
export const forget = (page: Page): Promise<string> => queryClient(page, "clear");

/** What the query cache holds, as text. */
export const cached = (page: Page): Promise<string> => queryClient(page, "text");

/** What a list shows while it is read. */
const LOADING = "[role=status][aria-label=Loading]";

/** Waits until the screen of the address is there, has what it asked for, and nothing in it runs. */
export const arrived = (page: Page): Promise<void> => rests(page, `${LOADING}, [aria-busy=true]`);

/** The same of a screen in which a call may run, such as one under a dialog that asks for a proof. */
export const loaded = (page: Page): Promise<void> => rests(page, LOADING);

/** Waits until nothing of a kind is left. A link's page, which has no router, says by itself what it waits for. */
async function rests(page: Page, none: string): Promise<void> {
  const isPanel = await page.evaluate(async (signs) => {
    const router = (window as unknown as Partial<Inside>).__TSR_ROUTER__;
    if (router === undefined) return false;
    const there = () =>
      router.state.status === "idle" &&
      document.querySelector(signs) === null &&
      (document.querySelector("[role=dialog], main")?.textContent ?? "") !== "";
    // What came may ask for more: it is all there when nothing was on its way in three frames.
    for (let frames = 0; frames < 3; frames = there() ? frames + 1 : 0)
      await new Promise(requestAnimationFrame);
    return true;
  }, none);
  // What shows no sign of it while it reads.
  if (isPanel && (await queryClient(page, "busy")) !== "0") await rests(page, none);
}

/** Asks the query client, found where React keeps it: the panel gives it to nobody. */
const queryClient = (page: Page, what: "clear" | "text" | "busy"): Promise<string> =>
  page.evaluate((asked) => {
    interface Fiber {
      memoizedProps?: {
        client?: {
          removeQueries(of: { predicate(query: { queryKey: unknown }): boolean }): void;
          isFetching(): number;
          getQueryCache(): { getAll(): { queryKey: unknown; state: unknown }[] };
        };
      };
      child: Fiber | null;
    }
    const root = document.getElementById("root")! as unknown as Record<string, Fiber>;
    let fiber: Fiber | null = root[Object.keys(root).find((key) => key.startsWith("__reactContainer$"))!]!;
    while (fiber !== null && fiber.memoizedProps?.client === undefined) fiber = fiber.child;
    const client = fiber!.memoizedProps!.client!;
    // Who one is stays: the frame around the screens would wait for it, too.
    if (asked === "clear")
      client.removeQueries({ predicate: ({ queryKey }) => !JSON.stringify(queryKey).includes("identity") });
    if (asked === "busy") return String(client.isFetching());
    const all = client.getQueryCache().getAll();
    return JSON.stringify(all.map(({ queryKey, state }) => [queryKey, state]));
  }, what);
