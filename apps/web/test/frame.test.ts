import { expect, test } from "vitest";
import { setScene } from "./scene.ts";

const scene = setScene();

test("the palette goes anywhere and does anything by a few letters; keys alone do, too, and a sheet says which", async () => {
  const { token, caller } = await scene.furnish("acme");
  const visitor = await scene.visitor();
  const { page, look, complaints } = visitor;
  await visitor.signIn(token);
  await page.getByRole("rowheader", { name: "DATABASE_URL" }).waitFor();

  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Go to or do" });
  const field = palette.getByRole("combobox", { name: "Go to or do" });
  await palette.getByRole("option", { name: "Overview" }).waitFor();
  await look("palette");
  await field.fill("stripe");
  await palette.getByRole("option", { name: /payments\/STRIPE_SECRET_KEY/ }).waitFor();
  await look("palette-keys", ["1280"]);
  await page.keyboard.press("ArrowDown");
  expect(await palette.getByRole("option", { selected: true }).textContent()).toContain(
    "STRIPE_WEBHOOK_SECRET",
  );
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "payments/STRIPE_SECRET_KEY" }).waitFor();
  expect(page.url()).toMatch(/\/t\/acme\/default\/dev\/s\//);
  await page.keyboard.press("Escape");
  await page.waitForURL("**/t/acme/default/dev");

  await page.keyboard.press("Control+k");
  await field.fill("zzzz");
  await palette.getByText("Nothing for “zzzz”").waitFor();
  await field.fill("new secret");
  await page.keyboard.press("Enter");
  const form = page.getByRole("dialog", { name: "New secret" });
  await form.getByLabel("Name").fill("TYPED");
  // Over a form the palette stays away: what was typed would be lost.
  await page.keyboard.press("Control+k");
  expect(await palette.count()).toBe(0);
  await page.keyboard.press("Escape");
  await form.waitFor({ state: "detached" });

  await page.keyboard.press("g");
  await page.keyboard.press("r");
  await page.waitForURL("**/t/acme/rotation");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).getByText("Command palette").waitFor();
  await look("shortcuts");
  // What moves, and for whoever asked for less motion nothing does.
  const moving = () =>
    page.evaluate(
      () =>
        [...document.querySelectorAll("*")].filter((element) => {
          const { animationDuration, transitionDuration } = getComputedStyle(element);
          return `${animationDuration}, ${transitionDuration}`
            .split(", ")
            .some((seconds) => Number.parseFloat(seconds) > 0.001);
        }).length,
    );
  expect(await moving()).toBeGreaterThan(0);
  await page.emulateMedia({ reducedMotion: "reduce" });
  expect(await moving()).toBe(0);
  await page.emulateMedia({ reducedMotion: null });
  await page.keyboard.press("Escape");
  for (const [key, path] of [
    ["h", "access"],
    ["f", "federation"],
  ] as const) {
    await page.keyboard.press("g");
    await page.keyboard.press(key);
    await page.waitForURL(`**/t/acme/${path}`);
  }

  // A project, from the palette; its environments are made, renamed and deleted where it stands.
  await page.keyboard.press("Control+k");
  await field.fill("new ");
  for (const name of ["New environment in default", "New token"])
    await palette.getByRole("option", { name }).waitFor();
  await field.fill("new project");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/t/acme/settings?make=project");
  const making = page.getByRole("dialog", { name: "New project" });
  await making.getByLabel("Name").fill("default");
  await making.getByRole("button", { name: "Create" }).click();
  await making.getByText("Correlation id").waitFor();
  await making.getByLabel("Name").fill("web-shop");
  await look("settings-project", ["360"]);
  await making.getByRole("button", { name: "Create" }).click();
  const places = page.getByRole("list", { name: "Projects" });
  const shop = places.getByRole("list", { name: "Environments of web-shop" }).getByRole("listitem");
  await shop.filter({ hasText: "prod" }).waitFor();
  await places.getByRole("button", { name: "New environment in web-shop" }).click();
  const naming = page.getByRole("dialog", { name: "New environment in web-shop" });
  await naming.getByLabel("Name").fill("qa");
  await naming.getByRole("button", { name: "Create" }).click();
  await shop.filter({ hasText: "qa" }).waitFor();
  await look("settings");
  const choose = async (name: string, item: string) => {
    await places.getByRole("button", { name: `More for ${name}`, exact: true }).click();
    await page.getByRole("menuitem", { name: item }).click();
  };
  await choose("web-shop / qa", "Rename");
  const renaming = page.getByRole("dialog", { name: "Rename qa" });
  await renaming.getByLabel("Name").fill("preview");
  await renaming.getByRole("button", { name: "Save" }).click();
  await shop.filter({ hasText: "preview" }).waitFor();
  await choose("web-shop / preview", "Delete");
  const removing = page.getByRole("alertdialog", { name: "Delete the environment preview" });
  const remove = removing.getByRole("button", { name: "Delete" });
  await removing.getByLabel("Type the name").fill("qa");
  expect(await remove.isDisabled()).toBe(true);
  await removing.getByLabel("Type the name").fill("preview");
  await remove.click();
  await expect.poll(() => shop.count()).toBe(3);
  // What holds secrets stays, and the refusal says so.
  await choose("default", "Delete");
  const refused = page.getByRole("alertdialog", { name: "Delete the project default" });
  await refused.getByLabel("Type the name").fill("default");
  await refused.getByRole("button", { name: "Delete" }).click();
  await refused.getByText("Correlation id").waitFor();
  await look("settings-not-empty", ["1280"]);
  await refused.getByRole("button", { name: "Cancel" }).click();
  await choose("web-shop", "Rename");
  const called = page.getByRole("dialog", { name: "Rename web-shop" });
  await called.getByLabel("Name").fill("storefront");
  await called.getByRole("button", { name: "Save" }).click();
  await page.getByText("It is called storefront now").waitFor();
  expect((await caller.projects.list({})).projects.map(({ name }) => name)).toEqual([
    "default",
    "storefront",
  ]);

  // The switcher: places only.
  await page.getByRole("button", { name: /Go to another place/ }).click();
  await palette.getByRole("option", { name: /default \/ staging/ }).waitFor();
  expect(await palette.getByRole("option", { name: "Sign out" }).count()).toBe(0);
  await page.keyboard.type("prod");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/t/acme/default/prod");
  await page.getByRole("button", { name: /Go to another place/ }).click();
  await palette.getByRole("option", { name: /storefront \/ staging/ }).click();
  await page.waitForURL("**/t/acme/storefront/staging");
  expect(complaints).toEqual([]);
  await visitor.leave();
});

test("an operator's palette switches tenants", async () => {
  await scene.furnish("globex");
  const visitor = await scene.visitor();
  const { page } = visitor;
  await visitor.signIn(scene.served.house.operatorToken);
  await page.waitForURL("**/tenants");
  await page.getByRole("link", { name: "globex" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Go to or do" }).fill("globex");
  await page.getByRole("option", { name: "globex" }).click();
  await page.waitForURL("**/t/globex/default/dev");
  await visitor.leave();
});

test("an empty environment shows the first three steps to who may take them", async () => {
  const { token } = await scene.served.house.tenant("fresh");
  const visitor = await scene.visitor();
  const { page, look, complaints } = visitor;
  await visitor.signIn(token);
  const steps = page.getByRole("region", { name: "Three steps to the first read" });
  await steps.getByText('keyfold.tenant("fresh").get("STRIPE_SECRET_KEY")').waitFor();
  await look("first-steps");
  await steps.getByRole("link", { name: "To the tokens" }).click();
  await page.waitForURL("**/t/fresh/tokens");
  expect(complaints).toEqual([]);
  await visitor.leave();
});

test("whoever has gone away is asked, and signed out; a shown value is gone, and one comes back to where one was", async () => {
  const { token } = await scene.furnish("tyrell");
  const visitor = await scene.visitor();
  const { page, look, complaints } = visitor;
  await visitor.signIn(token);
  await page.getByRole("rowheader", { name: "DATABASE_URL" }).waitFor();
  const asked = page.getByRole("alertdialog", { name: "Are you still there?" });
  await page.clock.fastForward(14 * 60_000 + 10_000);
  await asked.waitFor();
  await look("idle", ["1280"]);
  await asked.getByRole("button", { name: "Stay signed in" }).click();
  await asked.waitFor({ state: "detached" });

  // Another tab in which somebody works keeps this one.
  await page.clock.fastForward(14 * 60_000 + 10_000);
  await asked.waitFor();
  const other = await visitor.context.newPage();
  await other.goto("/t/tyrell/rotation");
  await other.getByText("Nothing to rotate").waitFor();
  await other.getByRole("heading", { name: "Rotation", exact: true }).click();
  await asked.waitFor({ state: "detached" });
  await other.close();

  await page.clock.fastForward(15 * 60_000 + 1_000);
  await page.waitForURL("**/sign-in?next=*");
  await page.getByText("Your session has ended").waitFor();
  expect(await page.content()).not.toContain("DATABASE_URL");
  expect(new URL(page.url()).searchParams.get("next")).toBe("/t/tyrell/default/dev");
  await page.goto("/t/tyrell/default/dev");
  await page.waitForURL("**/sign-in?next=*");
  expect(complaints).toEqual([]);
  await visitor.leave();
});
