import { requestInfo } from "@keyfold/secrets";
import { PASSWORD } from "@keyfold/secrets/testing";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { type Right, SCREENS, type Screen } from "./every-screen.ts";
import { arrived, forget, goTo, routesOf } from "./inside.ts";
import { setScene } from "./scene.ts";
import { type Visitor, violations } from "./visitor.ts";

/** What no screen says: codes, and what JavaScript says of nothing. */
const RAW =
  /\b(forbidden|not_found|bad_input|internal|unauthenticated|undefined|NaN)\b|\[object|That did not work|Nothing here/;

const scene = setScene();
const ROLES = ["operator", "owner", "developer", "viewer", "auditor"] as const;
type Role = (typeof ROLES)[number];

/** A tenant in which every list has something, and somebody of each role. */
async function populate() {
  const { caller } = await scene.furnish("acme");
  const { house } = scene.served;
  const { secrets } = await caller.secrets.list({});
  const id = secrets.find(({ name }) => name === "DATABASE_URL")!.id;
  const soon = new Date(Date.now() + 3 * 86_400_000).toISOString();
  await caller.rotation.setPolicy({ id, schedule: null, expiresAt: soon });
  const { endpoint } = await caller.webhooks.create({ url: "https://hooks.example.com/in" });
  await caller.links.request({ environment: "dev", name: "CUSTOMER_KEY", label: "Their key" });
  const sessions = new Map<Role, string>();
  for (const role of ROLES.filter((one) => one !== "operator")) {
    const email = `${role}@example.com`;
    const { secret } = await caller.invitations.create({ email, grants: [{ role }] });
    const given = { secret, name: role, password: PASSWORD };
    sessions.set(role, (await house.server.people.acceptLink(requestInfo({}), given))!.secret);
  }
  await caller.invitations.create({ email: "late@example.com", grants: [{ role: "viewer" }] });
  return { id, endpoint: endpoint.id, sessions };
}

type Acme = Awaited<ReturnType<typeof populate>>;
let acme: Promise<Acme> | null = null;
const populated = () => {
  acme ??= populate();
  return acme;
};

/** Somebody of a role, where the panel leads them first. */
async function enter(role: Role): Promise<Visitor> {
  const visitor = await scene.visitor();
  const session = (await populated()).sessions.get(role);
  if (session === undefined) await visitor.signIn(scene.served.house.operatorToken);
  else {
    const { url } = scene.served;
    await visitor.context.addCookies([{ name: "keyfold", value: session, url, httpOnly: true }]);
    await visitor.page.goto("/");
  }
  await arrived(visitor.page);
  return visitor;
}

/** The address itself, in the tenant. */
const addressOf = (address: string, { id, endpoint }: Acme): string =>
  address
    .replace("$tenant", "acme")
    .replace("$project", "default")
    .replace("$environment", "dev")
    .replace("$secretId", id)
    .replace("$endpoint", endpoint);

/** What the screen of a link's address needs: the route with the fewest parameters is meant. */
function needsOf(href: string): Right {
  const path = href.split(/[?#]/)[0]!;
  const route = Object.keys(SCREENS)
    .filter((one) => new RegExp(`^${one.split("?")[0]!.replaceAll(/\$[a-zA-Z]+/g, "[^/]+")}$`).test(path))
    .toSorted((a, b) => a.split("$").length - b.split("$").length)[0];
  if (route === undefined) throw new Error(`a link leads nowhere: ${href}`);
  return SCREENS[route]!.needs ?? null;
}

interface Seen {
  text: string;
  buttons: string[];
  links: string[];
  html: string;
}

/** What stands on the screen: in the dialog that fills it, or in the page. */
const look = (page: Page): Promise<Seen> =>
  page.evaluate(() => {
    const main = document.querySelector<HTMLElement>("[role=dialog]") ?? document.querySelector("main")!;
    const named = (element: Element) =>
      (element.getAttribute("aria-label") ?? element.textContent ?? "").trim();
    return {
      // biome-ignore lint/performance/useDomNodeTextContent: what is hidden is not said.
      text: main.innerText,
      // How much there is, is no matter here.
      buttons: [...main.querySelectorAll("button")].map(named).filter((name) => name !== "Load more"),
      links: [...document.querySelectorAll("a[href^='/']")].map((link) => link.getAttribute("href")!),
      html: main.innerHTML.replaceAll(
        /(id|for|aria-[a-z]+|name|datetime|title)="[^"]*"|react-aria[^" ]*|_r_[a-z0-9]+_/gi,
        "",
      ),
    };
  });

/** What can be chosen in the first menu of each kind. */
async function menus(page: Page, { offers }: Screen): Promise<string[]> {
  const found: string[] = [];
  for (const kind of new Set(
    Object.keys(offers).flatMap((key) => (key.includes("> ") ? [key.split("> ")[0]!] : [])),
  )) {
    const opened = await page.evaluate(
      (begins) => {
        const place = document.querySelector("[role=dialog]") ?? document.querySelector("main")!;
        const button = [...place.querySelectorAll<HTMLElement>("button[aria-haspopup=menu]")].find((one) =>
          one.getAttribute("aria-label")!.startsWith(begins),
        );
        button?.click();
        return button !== undefined;
      },
      kind.replace("…", ""),
    );
    if (!opened) continue;
    // Focused: else the key that closes it goes to the page.
    await page.locator("[role=menu]:focus-within").waitFor();
    for (const name of await page.getByRole("menuitem").allInnerTexts()) found.push(`${kind}> ${name}`);
    await page.keyboard.press("Escape");
    await page.getByRole("menu").waitFor({ state: "detached" });
  }
  return found;
}

/** A button's name as the table has it. */
const keyOf = (name: string, { offers }: Screen): string =>
  Object.keys(offers).find((key) =>
    new RegExp(
      `^${key
        .split("…")
        .map((part) => part.replaceAll(/[.?()/]/g, "\\$&"))
        .join(".+")}$`,
      "s",
    ).test(name),
  ) ?? name;

/** What axe has looked at already: another role often sees the same. */
const judged = new Set<string>();

test.for(ROLES)(
  "every screen, as %s: what is there, and nothing that could only be refused",
  async (role) => {
    const visitor = await enter(role);
    const { page, complaints } = visitor;
    const actions: string[] = await page.evaluate(() =>
      fetch("/trpc/identity.get", { headers: { "x-keyfold": "panel" } })
        .then((answer) => answer.json())
        .then(({ result }) => result.data.json.actions),
    );
    const holds = (right: Right | undefined): boolean =>
      right === undefined || right === null
        ? true
        : right === "person"
          ? role !== "operator"
          : [right].flat().every((one) => actions.includes(one));
    const refused: string[] = [];
    page.on("response", (answer) => {
      if (answer.status() >= 400 || answer.status() === 207)
        refused.push(`${answer.status()} ${answer.url()}`);
    });
    expect([...new Set(Object.keys(SCREENS).map((one) => one.split("?")[0]!))].toSorted()).toEqual(
      (await routesOf(page)).toSorted(),
    );
    for (const [address, screen] of Object.entries(SCREENS)) {
      await goTo(page, addressOf(address, await populated()));
      await arrived(page);
      const seen = await look(page);
      const where = `${address}, as ${role}`;
      const buttons = seen.buttons.map((name) => keyOf(name, screen));
      const offered = [...new Set([...buttons, ...(await menus(page, screen))])].toSorted();
      if (holds(screen.needs)) {
        expect.soft(seen.text, where).toMatch(screen.says);
        const due = Object.keys(screen.offers).filter((name) => holds(screen.offers[name]));
        expect.soft(offered, where).toEqual(due.toSorted());
      } else {
        expect.soft(seen.text, where).toMatch(/You may not see this|Not for this token/);
        expect.soft(offered, where).toEqual([]);
      }
      expect
        .soft(
          seen.links.filter((href) => !holds(needsOf(href))),
          where,
        )
        .toEqual([]);
      expect.soft(seen.text, where).not.toMatch(RAW);
      const refusals = refused.splice(0).filter((one) => screen.refuses?.test(one) !== true);
      expect.soft(refusals, where).toEqual([]);
      expect.soft(complaints.splice(0), where).toEqual([]);
      if (judged.has(seen.html)) continue;
      judged.add(seen.html);
      expect.soft(await violations(page), where).toEqual([]);
    }
    await visitor.leave();
  },
);

const FAILED = {
  code: "internal",
  message: "Something went wrong on our side.",
  correlationId: "c0ffee-0000",
};
const OPERATORS = ["/tenants", "/fleet", "/health", "/keys"];

/** Answers as the server does when it fails: each call of a batch, or a plain one. */
function failed(url: URL): { status: number; contentType: string; body: string } {
  const { code, message, correlationId } = FAILED;
  const error = {
    message,
    code: -32603,
    data: { code: "INTERNAL_SERVER_ERROR", httpStatus: 500, keyfold: FAILED },
  };
  const body = url.pathname.startsWith("/trpc/")
    ? url.pathname.split(",").map(() => ({ error: { json: error } }))
    : { code, detail: message, correlation_id: correlationId };
  return { status: 500, contentType: "application/json", body: JSON.stringify(body) };
}

test.for(["owner", "operator"] as const)(
  "every screen that reads, as %s, while it waits for its answers, when they fail, and when they come after all",
  async (role) => {
    const visitor = await enter(role);
    const { page, complaints, picture } = visitor;
    let mode: "pass" | "hold" | "fail" = "pass";
    const held: (() => Promise<void>)[] = [];
    await page.route(/\/(trpc|people)\//, async (route) => {
      const url = new URL(route.request().url());
      if (mode === "hold" && !url.pathname.includes("identity.get"))
        held.push(() => route.fulfill(failed(url)));
      else if (mode === "fail" && !url.pathname.includes("identity.get")) await route.fulfill(failed(url));
      else await route.continue();
    });
    const loading = page.getByRole("status", { name: "Loading" }).first();
    const headingAt = () =>
      page.evaluate(() => {
        const heading = document.querySelector("[role=dialog] h2, h1");
        // Where it stands when nothing is scrolled, as pressing a button further down does.
        for (let place = heading; place; place = place.parentElement) place.scrollTop = 0;
        return heading?.getBoundingClientRect().top ?? null;
      });
    /** From a page that reads nothing, with nothing read before. */
    const open = async (address: string) => {
      await goTo(page, "/connect");
      await arrived(page);
      await forget(page);
      mode = "hold";
      await goTo(page, addressOf(address, await populated()));
    };
    const judge = async (where: string) => {
      const { html } = await look(page);
      const shape = html.replaceAll(/<h[12].*?<\/h[12]>|<p.*?<\/p>/gs, "");
      await picture(where.replaceAll(/[^a-z]+/gi, "-"));
      if (judged.has(shape)) return;
      judged.add(shape);
      expect.soft(await violations(page), where).toEqual([]);
    };
    for (const [address, screen] of Object.entries(SCREENS)) {
      const isOperators = OPERATORS.includes(address.split("?")[0]!);
      if (screen.readsNothing || isOperators !== (role === "operator")) continue;

      await open(address);
      await loading.waitFor();
      const before = await headingAt();
      await judge(`state waiting ${address}`);

      mode = "fail";
      await Promise.all(held.splice(0).map((fail) => fail()));
      const alert = page.getByRole("alert").filter({ hasText: FAILED.correlationId });
      await alert.first().waitFor();
      await alert.first().getByText(FAILED.message).waitFor();
      await judge(`state failed ${address}`);
      mode = "pass";
      const dialog = page.getByRole("dialog");
      const again = ((await dialog.count()) > 0 ? dialog : page).getByRole("button", { name: "Try again" });
      for (let left = await again.count(); left > 0; left = await again.count()) {
        await again.first().click();
        await arrived(page);
      }
      expect.soft((await look(page)).text, address).toMatch(screen.says);
      // That one page stands in the middle, and is as high as there are tenants.
      const moves = before !== null && address !== "/choose";
      if (moves) expect.soft(await headingAt(), `${address} jumps`).toBe(before);
      expect.soft(complaints.splice(0), address).toEqual([]);
    }
    await visitor.leave();
  },
);
