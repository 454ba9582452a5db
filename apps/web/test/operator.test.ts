import { describe, expect, test } from "vitest";
import { setScene } from "./scene.ts";
import { traces } from "./visitor.ts";

const scene = setScene();

describe("an operator", () => {
  test("makes a tenant with its first token, shown once, and manages secrets without reading any", async () => {
    await scene.furnish("globex");
    await scene.furnish("initech");
    const visitor = await scene.visitor();
    const { page, look, complaints } = visitor;
    await visitor.signIn(scene.served.house.operatorToken);
    await page.waitForURL("**/tenants");
    await page.getByRole("link", { name: "globex" }).waitFor();
    await look("tenants");

    // A tenant, and its first token.
    await page.getByRole("button", { name: "New tenant" }).click();
    const form = page.getByRole("dialog", { name: "New tenant" });
    await form.getByLabel("Slug").fill("Umbrella!");
    await form.getByRole("button", { name: "Create tenant" }).click();
    await form.getByText("lower-case letters, digits and inner hyphens").last().waitFor();
    await look("tenant-refused");
    await form.getByLabel("Slug").fill("umbrella");
    await form.getByLabel("Name").fill("Umbrella Ltd");
    await form.getByRole("button", { name: "Create tenant" }).click();
    const ready = page.getByRole("dialog", { name: "umbrella is ready" });
    const token = await ready.getByRole("region", { name: "New token" }).locator("pre").textContent();
    expect(token).toMatch(/^kf_/);
    expect(await traces(page)).not.toContain(token);
    await look("tenant-token");
    await ready.getByRole("button", { name: "Copy" }).click();
    await page.getByText("New token copied").waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(token);
    await ready.getByRole("button", { name: "Open the tenant" }).click();
    await page.waitForURL("**/t/umbrella/default/dev");
    await page.getByText("No secrets in dev yet").waitFor();
    expect(await page.content()).not.toContain(token);
    await look("secrets-empty-operator");

    // Another tenant's secrets: names and histories, and no way to a value.
    await page.goto("/t/globex/default/dev");
    await page.getByRole("rowheader", { name: "DATABASE_URL" }).waitFor();
    await page.getByText("you manage everything and read no values").waitFor();
    for (const name of [/^Reveal/, /^Copy/, "New secret"])
      expect(await page.getByRole("button", { name }).count()).toBe(0);
    await look("secrets-operator");
    await page.getByRole("button", { name: "More for DATABASE_URL" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).waitFor();
    expect(await page.getByRole("menuitem", { name: "Rotate" }).count()).toBe(0);
    await page.getByRole("menuitem", { name: "History" }).click();
    await page.getByText("Moved to the new cluster").waitFor();
    expect(await page.getByRole("button", { name: /Reveal|Copy|Rotate|Roll back/ }).count()).toBe(0);
    await look("secret-operator");

    // Its tokens: listed, and no second one to be had.
    await page.goto("/t/globex/tokens");
    await page.getByRole("list", { name: "Tokens" }).waitFor();
    await look("tokens-operator");
    await page.getByRole("button", { name: "New token" }).click();
    const create = page.getByRole("dialog", { name: "New token" });
    await create.getByLabel("Name").fill("sneaky");
    await create.getByRole("button", { name: "Create token" }).click();
    await create.getByText("This tenant was given its first token").waitFor();
    expect(complaints).toEqual([]);
    await visitor.leave();
  });
});
