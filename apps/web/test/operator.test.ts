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

  test("renames a tenant, sets its defaults, asks for its keys' end, to which its owner agrees and which is cancelled, and deletes it by its name", async () => {
    const { token } = await scene.furnish("hooli");
    const { house } = scene.served;
    const visitor = await scene.visitor();
    const { page, look, complaints } = visitor;
    await visitor.signIn(house.operatorToken, "/t/hooli/settings");
    await page.getByText("Nobody has asked to shred this tenant").waitFor();
    await page.getByRole("button", { name: "Change defaults" }).click();
    const defaults = page.getByRole("dialog", { name: "Defaults of this tenant" });
    await defaults.getByRole("button", { name: /Grace/ }).click();
    await page.getByRole("option", { name: "7 days" }).click();
    await page.getByRole("listbox").waitFor({ state: "detached" });
    await look("settings-defaults", ["360"]);
    await defaults.getByRole("button", { name: "Save" }).click();
    const facts = page.getByRole("region", { name: "This tenant", exact: true });
    await facts.getByText("7 days", { exact: true }).waitFor();
    await facts.getByRole("button", { name: "Rename" }).click();
    const rename = page.getByRole("dialog", { name: "Rename this tenant" });
    await rename.getByLabel("Slug").fill("Hooli XYZ");
    await rename.getByRole("button", { name: "Save" }).click();
    await rename.getByText("lower-case letters, digits and inner hyphens").waitFor();
    await rename.getByLabel("Slug").fill("hooli-xyz");
    await rename.getByRole("button", { name: "Save" }).click();
    await page.waitForURL("**/t/hooli-xyz/settings");

    // Asked for by the one side, agreed to by the other, and cancelled.
    const end = page.getByRole("region", { name: "The end of this tenant" });
    await end.getByRole("button", { name: "Shred" }).click();
    const ask = page.getByRole("alertdialog", { name: "Ask to shred hooli-xyz" });
    await ask.getByLabel("Type the name").fill("hooli-xyz");
    expect(await ask.getByRole("button", { name: "Ask for shredding" }).isDisabled()).toBe(true);
    await ask.getByLabel("Why").fill("The contract ended");
    await look("settings-shred", ["360"]);
    await ask.getByRole("button", { name: "Ask for shredding" }).click();
    await end.getByText("asked to shred this tenant").waitFor();
    expect(await end.getByRole("button", { name: "Agree" }).count()).toBe(0);
    const owner = await scene.visitor();
    await owner.signIn(token, "/t/hooli-xyz/settings");
    await owner.page.getByRole("button", { name: "Agree" }).click();
    const agree = owner.page.getByRole("alertdialog", { name: "Agree to shred hooli-xyz" });
    await agree.getByLabel("Type the name").fill("hooli-xyz");
    await agree.getByRole("button", { name: "Agree" }).click();
    await owner.page.getByText("Both sides agreed").waitFor();
    await owner.page.getByText("The contract ended").scrollIntoViewIfNeeded();
    await owner.look("settings-shredding", ["1280"]);
    expect(owner.complaints).toEqual([]);
    await owner.leave();
    await page.reload();
    await end.getByText("Both sides agreed").waitFor();
    await end.getByRole("button", { name: "Cancel shredding" }).click();
    const cancel = page.getByRole("dialog", { name: "Cancel the shredding?" });
    await cancel.getByLabel("Why").fill("They stay");
    await cancel.getByRole("button", { name: "Cancel shredding" }).click();
    await end.getByText("cancelled by").waitFor();

    await end.getByRole("button", { name: "Delete tenant" }).click();
    const remove = page.getByRole("alertdialog", { name: "Delete the tenant hooli-xyz" });
    await remove.getByLabel("Type the name").fill("hooli");
    expect(await remove.getByRole("button", { name: "Delete tenant" }).isDisabled()).toBe(true);
    await remove.getByLabel("Type the name").fill("hooli-xyz");
    await remove.getByRole("button", { name: "Delete tenant" }).click();
    await page.waitForURL("**/tenants");
    await page.getByText("hooli-xyz deleted").waitFor();
    // Purged by its slug; of one that was shredded there is a receipt.
    const gone = await house.tenant("gone-for-good");
    const operator = house.as(house.operatorToken);
    const confirm = gone.slug;
    await operator.shreds.request({ tenant: gone.slug, confirm, reason: "The contract ended" });
    await gone.caller.shreds.agree({ confirm });
    try {
      await house.moveClock("8 days");
      await operator.shreds.run({});
    } finally {
      await house.moveClock("0");
    }
    await page.getByRole("button", { name: /Show/ }).click();
    await page.getByRole("option", { name: "Deleted ones, too" }).click();
    await page.getByRole("button", { name: "Purge hooli-xyz" }).click();
    const purge = page.getByRole("alertdialog", { name: "Purge hooli-xyz for good" });
    await purge.getByLabel("Type the slug").fill("hooli");
    expect(await purge.getByRole("button", { name: "Purge" }).isDisabled()).toBe(true);
    await purge.getByLabel("Type the slug").fill("hooli-xyz");
    await purge.getByRole("button", { name: "Purge" }).click();
    await page.getByText("hooli-xyz is gone for good").waitFor();
    await page.getByRole("button", { name: "Receipt of gone-for-good" }).click();
    await page
      .getByRole("dialog", { name: "Receipt of shredding" })
      .getByText("gone-for-good")
      .first()
      .waitFor();
    await look("tenants-receipt");
    await page.keyboard.press("Escape");
    await expect(house.as(token).secrets.list({})).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    expect(complaints).toEqual([]);
    await visitor.leave();
  });
});
