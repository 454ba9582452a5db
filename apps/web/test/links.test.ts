import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, describe, expect, test } from "vitest";
import { setScene } from "./scene.ts";
import { traces, type Visitor } from "./visitor.ts";

const CANARY = "sk_test_not_a_real_key_that_a_customer_typed";
const SHARED = "postgres://fake:fake@db.invalid/shared-once";

const scene = setScene();
const sites: Server[] = [];
afterAll(() => {
  for (const site of sites) site.close();
});

/** A product's own page, which shows a link in a frame and keeps what it is told. */
async function productPage(url: () => string): Promise<string> {
  const site = createServer((_, answer) => {
    answer.setHeader("content-type", "text/html");
    answer.end(`<!doctype html><html lang="en"><title>Shop</title><h1>Connect Stripe</h1>
      <iframe title="Your Stripe key" src="${url()}" style="width:100%;height:480px"></iframe>
      <script>window.told = []; addEventListener("message", (e) => told.push([e.origin, e.data]));</script>`);
  });
  sites.push(site);
  await new Promise<void>((listening) => site.listen(0, "127.0.0.1", listening));
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
}

/** Nothing of these is where a value or a link's secret must never be. */
async function leavesNoTrace({ page, addresses, complaints }: Visitor, secrets: string[]) {
  for (const secret of secrets) {
    expect(await traces(page)).not.toContain(secret);
    expect(addresses.join("\n").replaceAll(/#\S*/g, "")).not.toContain(secret);
    expect(scene.served.lines.join("\n")).not.toContain(secret);
  }
  expect(complaints).toEqual([]);
}

const madeLink = async (page: Page): Promise<string> => {
  const made = page.getByRole("dialog", { name: "Copy the link now" });
  const url = (await made.locator("pre").first().textContent()) ?? "";
  await made.getByRole("button", { name: "Done" }).click();
  return url;
};

describe("links", () => {
  test("a team asks a customer for a key; the customer hands it in; code reads it, and no person does", async () => {
    const { token, caller } = await scene.served.house.tenant("shop");
    await caller.projects.create({ name: "billing" });
    const team = await scene.visitor();
    await team.signIn(token, "/t/shop/links");
    await team.page.getByText("No links yet").waitFor();
    await team.look("links-empty");
    await team.page.getByRole("button", { name: "Ask for a value" }).click();
    const form = team.page.getByRole("dialog", { name: "Ask for a value" });
    await form.getByLabel("Name of the secret").fill("STRIPE_SECRET_KEY");
    await form.getByLabel("What it is").fill("Your Stripe secret key");
    await form.getByLabel("A note above it").fill("In Stripe: Developers, API keys, Secret key.");
    // In any project, and not only in the first.
    await form.getByRole("button", { name: /Environment/ }).click();
    await team.page.getByRole("option", { name: "billing / prod" }).waitFor();
    await team.page.getByRole("option", { name: "default / dev" }).click();
    await team.page.getByRole("listbox").waitFor({ state: "detached" });
    await team.look("links-ask");
    await form.getByRole("button", { name: "Make the link" }).click();
    await team.page.getByRole("dialog", { name: "Copy the link now" }).waitFor();
    await team.look("links-made");
    const url = await madeLink(team.page);
    expect(await team.page.content()).not.toContain(new URL(url).hash.slice(1));

    // The customer opens it, twice; that uses nothing up. They are asked for nothing but the value.
    const customer = await scene.visitor();
    const { page } = customer;
    for (const _ of ["a preview", "a person"]) {
      await page.goto(url);
      await page.getByRole("heading", { name: "Your Stripe secret key" }).waitFor();
      expect(page.url()).not.toContain("#");
      await page.goto("about:blank");
    }
    await page.goto(url);
    await page.getByText("no person reads it back").waitFor();
    await customer.look("link-hand-in");
    await page.getByRole("button", { name: "Hand it in" }).click();
    await page.getByText("Paste the value first.").waitFor();
    await page.getByLabel("Value").fill(` ${CANARY}`);
    await page.getByText("It begins or ends with white space").waitFor();
    await page.getByLabel("Value").fill(CANARY);
    expect(await traces(page)).not.toContain(CANARY);
    await page.getByRole("button", { name: "Hand it in" }).click();
    await page.getByRole("heading", { name: "Received" }).waitFor();
    expect(await page.content()).not.toContain(CANARY);
    expect(await customer.context.cookies()).toEqual([]);
    await customer.look("link-received");
    await page.goto("about:blank");
    await page.goto(url);
    await page.getByText("This link is of no use any more").waitFor();
    await customer.look("link-ended");
    await page.goto(url.replace(/#.*/, ""));
    await page.getByText("Open the link as it was sent to you").waitFor();
    await customer.look("link-incomplete", ["360"]);
    await leavesNoTrace(customer, [CANARY, new URL(url).hash.slice(1)]);

    expect((await caller.secrets.reveal({ name: "STRIPE_SECRET_KEY" })).value).toBe(CANARY);
    await team.page.reload();
    await team.page.getByText("STRIPE_SECRET_KEY v1 · default / dev").waitFor();
    await team.look("links");
    await team.page.getByRole("button", { name: /Environment/ }).click();
    await team.page.getByRole("option", { name: "billing / all" }).click();
    await team.page.getByText("No links here").waitFor();
    await leavesNoTrace(team, [CANARY, new URL(url).hash.slice(1)]);
    await Promise.all([customer.leave(), team.leave()]);
  });

  test("a form stands in the frame of the site that it names, which is told of its use and not of the value, and in no other's", async () => {
    const { caller } = await scene.served.house.tenant("framed");
    let url = "";
    const [own, other] = [await productPage(() => url), await productPage(() => url)];
    ({ url } = await caller.links.request({
      name: "STRIPE_SECRET_KEY",
      label: "Your Stripe key",
      origins: [own],
    }));
    const customer = await scene.visitor();
    const { page } = customer;
    await page.goto(other);
    await expect.poll(() => customer.complaints.join()).toContain("frame-ancestors");
    customer.complaints.length = 0;
    await page.goto(own);
    const frame = page.frameLocator("iframe");
    await frame.getByRole("heading", { name: "Your Stripe key" }).waitFor();
    await frame.getByLabel("Value").fill(CANARY);
    await page.screenshot({ path: "../../artifacts/panel/link-framed-light-1280.png" });
    await frame.getByRole("button", { name: "Hand it in" }).click();
    await frame.getByRole("heading", { name: "Received" }).waitFor();
    const told = () => page.evaluate(() => (window as unknown as { told: unknown[] }).told);
    await expect
      .poll(told)
      .toEqual([
        [
          scene.served.linksUrl,
          { type: "keyfold:handed-in", reference: expect.stringMatching(/^[0-9a-f-]{36}$/) },
        ],
      ]);
    expect(JSON.stringify(await told())).not.toContain(CANARY);
    expect((await caller.secrets.reveal({ name: "STRIPE_SECRET_KEY" })).value).toBe(CANARY);
    expect(customer.complaints).toEqual([]);
    await customer.leave();
  });

  test("a secret is shared once: looked at as often as you like, shown on one click, gone after", async () => {
    const { token, caller } = await scene.served.house.tenant("sharing");
    const { id } = await caller.secrets.create({ name: "DATABASE_URL", value: SHARED });
    const team = await scene.visitor();
    await team.signIn(token, `/t/sharing/default/dev/s/${id}`);
    await team.page.getByRole("button", { name: "Share once" }).click();
    const form = team.page.getByRole("dialog", { name: "Share once" });
    await form.getByText("The current value of DATABASE_URL").waitFor();
    await team.look("link-share");
    await form.getByRole("button", { name: "Make the link" }).click();
    const url = await madeLink(team.page);

    const colleague = await scene.visitor();
    const { page } = colleague;
    await page.goto(url);
    await page.getByRole("heading", { name: "DATABASE_URL" }).waitFor();
    await page.getByText("It is shown once").waitFor();
    await colleague.look("link-open");
    expect(await page.content()).not.toContain(SHARED);
    // Two tabs click at once: one is shown it.
    const second = await colleague.context.newPage();
    await second.goto(url);
    const button = (tab: Page) => tab.getByRole("button", { name: "Show it now" });
    await button(second).waitFor();
    await button(page).click();
    const value = page.getByRole("region", { name: "DATABASE_URL" }).locator("pre");
    await value.waitFor();
    expect(await value.textContent()).toBe(SHARED);
    await button(second).click();
    await second.getByText("This link is of no use any more").waitFor();
    expect(await traces(page)).not.toContain(SHARED);
    await colleague.look("link-shown");
    await page.getByRole("button", { name: "Hide it for good" }).click();
    await page.getByText("Hidden, and gone from here").waitFor();
    expect(await page.content()).not.toContain(SHARED);
    await leavesNoTrace(colleague, [SHARED, new URL(url).hash.slice(1)]);

    // Another one, typed in, is taken back before anybody saw it.
    await team.page.goto("/t/sharing/links");
    await team.page.getByRole("button", { name: "Share a value" }).click();
    const own = team.page.getByRole("dialog", { name: "Share a value" });
    await own.getByLabel("Value").fill(CANARY);
    expect(await traces(team.page)).not.toContain(CANARY);
    await own.getByRole("button", { name: "Make the link" }).click();
    const revoked = await madeLink(team.page);
    await team.page.getByRole("button", { name: "Revoke the link for A secret" }).click();
    await team.page.getByRole("alertdialog").getByRole("button", { name: "Revoke" }).click();
    await team.page.getByText("Link revoked.").waitFor();
    await second.goto(revoked);
    await second.getByText("This link is of no use any more").waitFor();
    await leavesNoTrace(team, [SHARED, CANARY]);
    await Promise.all([team.leave(), colleague.leave()]);
  });

  test("who may not, sees why", async () => {
    const { caller } = await scene.served.house.tenant("narrow");
    const { token } = await caller.tokens.create({ name: "reads", preset: "reader" });
    const visitor = await scene.visitor();
    await visitor.signIn(token!, "/t/narrow/links");
    await visitor.page.getByText("Not for this token").waitFor();
    await visitor.look("links-no-rights", ["360"]);
    expect(await visitor.page.getByRole("button", { name: "Ask for a value" }).count()).toBe(0);
    await visitor.leave();
  });
});
