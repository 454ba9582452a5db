import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { requestInfo } from "@keyfold/secrets";
import { PASSWORD } from "@keyfold/secrets/testing";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import { setScene } from "./scene.ts";
import { traces, type Visitor } from "./visitor.ts";

const FIRST_KEY = "sk_test_not_a_real_key_of_blue_bottle";
const SECOND_KEY = "sk_test_not_a_real_key_of_blue_bottle_either";
const KEY = "STRIPE_SECRET_KEY";

const scene = setScene();
let shop: Server | null = null;
afterAll(() => void shop?.close());

test("a new customer enters their Stripe key, the app uses it, it is rotated, the auditor checks", async () => {
  const operator = await scene.visitor();
  const backend = await aNewCustomer(operator, "blue-bottle", "Blue Bottle Coffee");
  const app = await theAppOf(backend);
  expect(await app.charge()).toBe("not_found");

  // The customer, signed in at the product, enters their key in a form that is not the product's.
  const customer = await scene.visitor();
  await opensTheShop(customer, backend);
  await enters(customer, FIRST_KEY);
  await customer.page.screenshot({ path: "../../artifacts/panel/story-receipt-light-1280.png" });

  // The app uses it.
  expect(await app.charge()).toBe(FIRST_KEY);

  // Nobody at the product reads it back, its owner included.
  const olga = await joins(backend, "Olga", "owner");
  await olga.page.goto("/t/blue-bottle/default/prod");
  await olga.page.getByText("Write-only", { exact: true }).waitFor();
  expect(await olga.page.getByRole("button", { name: `Reveal ${KEY}` }).count()).toBe(0);
  await olga.look("story-write-only", ["1280"]);

  // It is rotated: she sees whom that touches, and then that the app has moved.
  await olga.page.getByRole("button", { name: `More for ${KEY}` }).click();
  await olga.page.getByRole("menuitem", { name: "Rotate" }).click();
  const rotate = olga.page.getByRole("dialog", { name: `Rotate ${KEY}` });
  await rotate.getByRole("region", { name: "Whom this touches" }).getByText("checkout").waitFor();
  await rotate.getByLabel("New value").fill(SECOND_KEY);
  await rotate.getByLabel("Why").fill("Blue Bottle rolled their key");
  await rotate.getByRole("button", { name: "Rotate", exact: true }).click();
  const moving = olga.page.getByRole("dialog", { name: "Version 2 is current" });
  await moving.getByText(/0 of 1 running consumer/).waitFor();
  expect(await app.charge()).toBe(SECOND_KEY);
  await app.acknowledges(2);
  await olga.page.clock.fastForward(5_000);
  await moving.getByText(/The one consumer has moved/).waitFor();
  await olga.look("story-moved", ["1280"]);

  // The auditor checks who had it, when and why; and holds no value.
  const ada = await joins(backend, "Ada", "auditor");
  await ada.page.goto("/t/blue-bottle/audit");
  const events = ada.page.getByRole("list", { name: "Audit events" });
  await events.getByRole("listitem").first().waitFor();
  for (const action of ["link.requested", "link.used", "secret.created", "secret.accessed", "secret.rotated"])
    await events.getByText(action, { exact: true }).first().waitFor();
  for (const [action, who] of [
    ["link.used", "a link"],
    ["secret.accessed", "checkout"],
    ["secret.rotated", "Olga"],
  ] as const)
    await events.getByRole("listitem").filter({ hasText: action }).filter({ hasText: who }).first().waitFor();
  const rotated = events.getByRole("listitem").filter({ hasText: "secret.rotated" });
  await rotated.getByRole("button").first().click();
  await rotated.getByText("Blue Bottle rolled their key").waitFor();
  await rotated.getByText(/^[A-Z][a-z]{2} \d{1,2}, \d{4}, \d{1,2}:\d{2}:\d{2}/).waitFor();
  await ada.look("story-audit", ["1280"]);
  await ada.page.goto("/t/blue-bottle/default/prod");
  await ada.page.getByRole("rowheader", { name: KEY }).waitFor();
  expect(await ada.page.getByRole("button", { name: `Reveal ${KEY}` }).count()).toBe(0);
  expect((await scene.served.house.verify()).size).toBeGreaterThan(1);

  for (const visitor of [operator, customer, olga, ada]) {
    for (const key of [FIRST_KEY, SECOND_KEY]) {
      expect(await traces(visitor.page)).not.toContain(key);
      expect(visitor.addresses.join("\n")).not.toContain(key);
    }
    await visitor.leave();
  }
  expect(scene.served.lines.join("\n")).not.toContain(FIRST_KEY);
});

/** The operator makes a tenant in the panel; its first token, shown once, goes into the product's backend. */
async function aNewCustomer(operator: Visitor, slug: string, name: string): Promise<string> {
  const { page } = operator;
  await operator.signIn(scene.served.house.operatorToken);
  await page.getByRole("button", { name: "New tenant" }).first().click();
  const form = page.getByRole("dialog", { name: "New tenant" });
  await form.getByLabel("Slug").fill(slug);
  await form.getByLabel("Name").fill(name);
  await form.getByRole("button", { name: "Create tenant" }).click();
  const ready = page.getByRole("dialog", { name: `${slug} is ready` });
  return (await ready.getByRole("region", { name: "New token" }).locator("pre").textContent()) ?? "";
}

/** The product's checkout, with a token that only reads. */
async function theAppOf(backend: string) {
  const { call, house } = scene.served;
  const made = await call("/api/tokens", {
    token: backend,
    body: { name: "checkout", preset: "reader", consumer_name: "checkout", consumer_kind: "service" },
  });
  const token = made.json.token as string;
  const reader = house.as(token);
  const place = { environment: "prod", name: KEY };
  return {
    /** What it charges with; why not, where it has nothing to. */
    async charge(): Promise<string> {
      const { json } = await call(`/api/reveal?environment=prod&name=${KEY}`, { token });
      await house.server.flush();
      return json.value ?? json.code;
    },
    acknowledges: (version: number) => reader.consumers.ack({ ...place, version }),
  };
}

/** The product's own page, which asks Keyfold for a form and shows it in a frame. */
async function opensTheShop({ page }: Visitor, backend: string): Promise<void> {
  let form = "";
  const server = createServer((_, answer) => {
    answer.setHeader("content-type", "text/html; charset=utf-8");
    answer.end(`<!doctype html><html lang="en"><title>Till</title>
      <body style="font: 16px system-ui; margin: 3rem auto; max-width: 34rem"><h1>Connect your Stripe account</h1>
      <iframe title="Your Stripe key" src="${form}" style="width:100%;height:26rem;border:0"></iframe></body>`);
  });
  shop = server;
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { json } = await scene.served.call("/api/links/requests", {
    token: backend,
    body: { name: KEY, environment: "prod", label: "Your Stripe secret key", origins: [origin] },
  });
  form = json.url;
  await page.goto(origin);
}

async function enters({ page }: { page: Page }, key: string): Promise<void> {
  const form = page.frameLocator("iframe");
  await form.getByText("no person reads it back").waitFor();
  await form.getByLabel("Value").fill(key);
  await form.getByRole("button", { name: "Hand it in" }).click();
  await form.getByRole("heading", { name: "Received" }).waitFor();
}

/** Somebody of the product's team, invited and signed in. */
async function joins(backend: string, name: string, role: string): Promise<Visitor> {
  const { house, url } = scene.served;
  const { secret } = await house
    .as(backend)
    .invitations.create({ email: `${name.toLowerCase()}@till.example.com`, grants: [{ role }] });
  const started = await house.server.people.acceptLink(requestInfo({}), { secret, name, password: PASSWORD });
  const visitor = await scene.visitor();
  await visitor.context.addCookies([{ name: "keyfold", value: started!.secret, url, httpOnly: true }]);
  return visitor;
}
