import { describe, expect, test } from "vitest";
import { setScene } from "./scene.ts";
import { traces } from "./visitor.ts";

const CANARY = "sk_test_not_a_real_key_but_long_enough_to_look_so";
const CANARY_2 = "sk_test_not_a_real_key_either_9fD20KrMzkXEbskuU2aeq8ed";

const scene = setScene();

describe("a tenant's team", () => {
  test("signs in, keeps a key, reads, copies, rotates and deletes it, and leaves no trace of it in the browser", async () => {
    const { token, caller } = await scene.furnish("acme");
    const visitor = await scene.visitor();
    const { page, look, complaints, addresses } = visitor;
    const row = (name: string) =>
      page.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });

    // Sign in: a stranger is asked for a token, and a wrong one is named as such.
    await page.goto("/");
    await page.waitForURL("**/sign-in");
    await expect.poll(() => page.title()).toBe("Sign in · Keyfold");
    await page.getByLabel("E-mail address").waitFor();
    await look("sign-in");
    await page.getByRole("button", { name: "Use a token instead" }).click();
    await page.getByLabel("Token").waitFor();
    await look("sign-in-token");
    await page.getByLabel("Token").fill("kf_not_a_real_token");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("This token was not accepted").waitFor();
    await look("sign-in-wrong");
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.waitForURL("**/t/acme/default/dev");
    await page.getByRole("rowheader", { name: "DATABASE_URL" }).waitFor();
    await expect.poll(() => page.title()).toBe("default/dev · acme · Keyfold");
    expect(await page.evaluate(() => document.cookie)).toBe("");
    await look("secrets");

    // Create.
    await page.getByRole("button", { name: "New secret" }).click();
    const form = page.getByRole("dialog", { name: "New secret" });
    await form.waitFor();
    await look("create");
    await form.getByRole("button", { name: "Create secret" }).click();
    await form.getByText("Give it a name.").waitFor();
    await form.getByLabel("Name").fill("TWILIO_AUTH_TOKEN");
    await form.getByLabel("Value").fill(CANARY);
    expect(await traces(page)).not.toContain(CANARY);
    await form.getByRole("button", { name: "Create secret" }).click();
    await page.getByText("TWILIO_AUTH_TOKEN created").waitFor();
    await row("TWILIO_AUTH_TOKEN").getByRole("cell", { name: "v1", exact: true }).waitFor();
    expect(await page.content()).not.toContain(CANARY);

    // A name that is taken is refused in the form, in words and with the id that finds it in the log.
    await page.getByRole("button", { name: "New secret" }).click();
    await form.getByLabel("Name").fill("TWILIO_AUTH_TOKEN");
    await form.getByLabel("Value").fill("another");
    await form.getByRole("button", { name: "Create secret" }).click();
    await form.getByText("That name is taken.").waitFor();
    await form.getByText("Correlation id").waitFor();
    await look("create-refused");
    await page.keyboard.press("Escape");
    await form.waitFor({ state: "detached" });

    // Reveal: exactly the value, for thirty seconds.
    const shown = page.getByRole("region", { name: "Value of TWILIO_AUTH_TOKEN" });
    // A minute ahead: a clock that has gone past it by then is not stopped, and the machine may be slow.
    await page.clock.pauseAt(await page.evaluate(() => Date.now() + 60_000));
    await page.getByRole("button", { name: "Reveal TWILIO_AUTH_TOKEN" }).click();
    await expect
      .poll(async () => {
        await page.clock.runFor(10);
        return shown.count();
      })
      .toBe(1);
    expect(await shown.locator("pre").textContent()).toBe(CANARY);
    expect(await traces(page)).not.toContain(CANARY);
    await page.clock.runFor(29_900);
    expect(await shown.count()).toBe(1);
    await page.clock.runFor(200);
    await shown.waitFor({ state: "detached" });
    await page.clock.resume();
    expect(await page.content()).not.toContain(CANARY);

    // It also hides when the window loses focus, and when the page is hidden.
    for (const leave of ["blur", "visibilitychange"]) {
      await page.getByRole("button", { name: "Reveal TWILIO_AUTH_TOKEN" }).click();
      await shown.waitFor();
      if (leave === "blur") await look("revealed");
      await page.evaluate((event) => {
        if (event === "blur") return void window.dispatchEvent(new Event("blur"));
        Object.defineProperty(document, "hidden", { configurable: true, value: true });
        document.dispatchEvent(new Event("visibilitychange"));
        Reflect.deleteProperty(document, "hidden");
      }, leave);
      await shown.waitFor({ state: "detached" });
    }

    // Copy without revealing; a minute later the clipboard is empty again.
    await page.getByRole("button", { name: "Copy TWILIO_AUTH_TOKEN without showing it" }).click();
    // Pointed at, it stays for as long as it is looked at.
    await page.getByText("TWILIO_AUTH_TOKEN copied").hover();
    expect(await page.content()).not.toContain(CANARY);
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(CANARY);
    await look("copied");
    await page.clock.runFor(61_000);
    await page.getByText("Clipboard cleared.").waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("");

    // Rotate, with a reason.
    await page.getByRole("button", { name: "More for TWILIO_AUTH_TOKEN" }).click();
    await page.getByRole("menuitem", { name: "Rotate" }).waitFor();
    await look("menu");
    await page.getByRole("menuitem", { name: "Rotate" }).click();
    const rotate = page.getByRole("dialog", { name: "Rotate TWILIO_AUTH_TOKEN" });
    await rotate.getByLabel("New value").fill(CANARY_2);
    await rotate.getByLabel("Why").fill("An employee left");
    await look("rotate");
    await rotate.getByRole("button", { name: "Rotate", exact: true }).click();
    await page.getByText("TWILIO_AUTH_TOKEN is at version 2").waitFor();
    await row("TWILIO_AUTH_TOKEN").getByRole("cell", { name: "v2", exact: true }).waitFor();

    // History: who, when, why; the version before is in grace.
    await page.getByRole("link", { name: "TWILIO_AUTH_TOKEN" }).click();
    await page.waitForURL(/\/t\/acme\/default\/dev\/s\/[0-9a-f-]{36}$/);
    const versions = page.getByRole("list", { name: "Versions of TWILIO_AUTH_TOKEN" }).getByRole("listitem");
    await expect.poll(() => versions.count()).toBe(2);
    expect(await versions.nth(0).textContent()).toMatch(/^v2Current.*by first.*An employee left/);
    expect(await versions.nth(1).textContent()).toMatch(/^v1Grace.*by first.*Stops opening/);
    await look("secret");
    const address = page.url();
    await page.reload();
    await expect.poll(() => versions.count()).toBe(2);
    await expect.poll(() => page.title()).toBe("TWILIO_AUTH_TOKEN · default/dev · acme · Keyfold");
    const drawer = page.getByRole("dialog", { name: "TWILIO_AUTH_TOKEN" });
    // What lies under the drawer cannot be reached meanwhile.
    await page.locator("#root[inert]").waitFor({ state: "attached" });
    await drawer.getByRole("button", { name: "Reveal TWILIO_AUTH_TOKEN" }).click();
    await shown.waitFor();
    expect(await shown.locator("pre").textContent()).toBe(CANARY_2);
    await look("secret-revealed");

    // Roll back, and back once more; leaving the page hides what is shown.
    await page.getByRole("button", { name: "Roll back to version 1" }).click();
    await page
      .getByRole("dialog", { name: "Roll back to version 1" })
      .getByRole("button", { name: "Roll back to this" })
      .click();
    await page.getByText("TWILIO_AUTH_TOKEN rolled back, now version 3").waitFor();
    await expect.poll(() => versions.count()).toBe(3);
    await page.goBack();
    await page.waitForURL("**/t/acme/default/dev");
    expect(await page.content()).not.toContain(CANARY);

    // Delete: only with the name typed out. Undone, then done again.
    for (const time of ["first", "second"]) {
      await page.getByRole("button", { name: "More for TWILIO_AUTH_TOKEN" }).click();
      await page.getByRole("menuitem", { name: "Delete" }).click();
      const remove = page.getByRole("alertdialog", { name: "Delete TWILIO_AUTH_TOKEN" });
      const button = remove.getByRole("button", { name: "Delete secret" });
      expect(await button.isDisabled()).toBe(true);
      await remove.getByLabel("Type the name").fill("TWILIO_AUTH_TOKE");
      expect(await button.isDisabled()).toBe(true);
      if (time === "first") await look("delete");
      await remove.getByLabel("Type the name").fill("TWILIO_AUTH_TOKEN");
      await button.click();
      await page.getByText("TWILIO_AUTH_TOKEN deleted").first().waitFor();
      await row("TWILIO_AUTH_TOKEN").waitFor({ state: "detached" });
      if (time === "second") break;
      await page.getByRole("button", { name: "Undo" }).click();
      await row("TWILIO_AUTH_TOKEN").waitFor();
    }
    await page.goto(address);
    await page.getByText("This secret is gone").waitFor();
    await look("secret-gone");
    await page.goBack();

    // From where deleted ones are kept: not purged within a day, and back under another name when its own is taken.
    await page.getByRole("link", { name: "Deleted secrets" }).click();
    await page.getByRole("button", { name: "Purge TWILIO_AUTH_TOKEN" }).click();
    const purge = page.getByRole("alertdialog", { name: "Purge TWILIO_AUTH_TOKEN for good" });
    await purge.getByLabel("Why").fill("Nobody needs it");
    expect(await purge.getByRole("button", { name: "Purge" }).isDisabled()).toBe(true);
    await purge.getByLabel("Type the name").fill("TWILIO_AUTH_TOKEN");
    await purge.getByRole("button", { name: "Purge" }).click();
    await purge.getByText("A deleted secret can be brought back for a day").waitFor();
    await purge.getByRole("button", { name: "Cancel" }).click();
    await purge.waitFor({ state: "detached" });
    await look("deleted");
    await caller.secrets.create({ name: "TWILIO_AUTH_TOKEN", value: "not real" });
    await page.getByRole("button", { name: "Restore TWILIO_AUTH_TOKEN" }).click();
    const restore = page.getByRole("dialog", { name: "Restore TWILIO_AUTH_TOKEN under another name" });
    await restore.getByLabel("New name").fill("TWILIO_OLD_TOKEN");
    await restore.getByRole("button", { name: "Restore" }).click();
    await page.getByText("Nothing was deleted here").waitFor();
    await page.getByRole("link", { name: "Back to the secrets" }).click();
    await row("TWILIO_OLD_TOKEN").waitFor();

    // Sign out: the session is over on the server, too.
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL("**/sign-in");
    await page.goto("/t/acme/default/dev");
    await page.waitForURL("**/sign-in?next=*");

    for (const secret of [CANARY, CANARY_2, token]) {
      expect(await traces(page)).not.toContain(secret);
      expect(await page.content()).not.toContain(secret);
      expect(addresses.join("\n")).not.toContain(secret);
      expect(scene.served.lines.join("\n")).not.toContain(secret);
    }
    // The search does find what stands in a cache or a database of the browser's.
    await page.evaluate(async () => {
      await (await caches.open("kept")).put("/kept", new Response("in a cache"));
      await new Promise((kept) => {
        const asked = indexedDB.open("kept");
        asked.onupgradeneeded = () => asked.result.createObjectStore("kept").put("in a database", "kept");
        asked.onsuccess = () => kept(asked.result.close());
      });
    });
    for (const place of ["in a cache", "in a database"]) expect(await traces(page)).toContain(place);
    expect(complaints).toEqual([]);
    await visitor.leave();
  });
});
