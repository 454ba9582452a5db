import { expect, test } from "vitest";
import { setScene } from "./scene.ts";
import { traces } from "./visitor.ts";

const scene = setScene();
const CANARY = "sk_test_not_a_real_key_but_long_enough_to_look_so";

test("a .env is pasted, looked through, mended and saved as one transaction with one reason; what somebody changed meanwhile is not lost", async () => {
  const { token, caller } = await scene.furnish("acme");
  await caller.secrets.set({ name: "SHARED", value: "the same value", environment: "prod" });
  const visitor = await scene.visitor();
  const { page, look, complaints } = visitor;
  await visitor.signIn(token);
  await page.getByRole("link", { name: "Edit several" }).click();
  await page.getByText("Nothing is staged yet").waitFor();
  await look("edit-empty", ["360"]);

  await page
    .getByLabel("Text of a .env or JSON file")
    .fill(
      [
        "# from the old server",
        `TWILIO_AUTH_TOKEN=${CANARY}`,
        "OPENAI_API_KEY=not a real value of OPENAI_API_KEY",
        "DATABASE_URL='postgres://fake:fake@new.invalid/app '",
        "SESSION_SIGNING_KEY=changeme",
        "COPIED=the same value",
        "a line with no equals sign",
      ].join("\n"),
    );
  await page.getByRole("button", { name: "Read", exact: true }).click();
  const list = page.getByRole("list", { name: "Staged changes" });
  const row = (name: string) => list.getByRole("listitem").filter({ hasText: name });
  await row("TWILIO_AUTH_TOKEN").getByText("Added").waitFor();
  await row("OPENAI_API_KEY").getByText("Unchanged").waitFor();
  await row("DATABASE_URL").getByText("replaces v2").waitFor();
  await row("DATABASE_URL").getByText("starts or ends with white space").waitFor();
  await row("SESSION_SIGNING_KEY").getByText("looks like a placeholder").waitFor();
  await row("COPIED").getByText("has the value of SHARED in prod").waitFor();
  await page.getByText("Line 7").waitFor();
  expect(await page.getByLabel("Text of a .env or JSON file").inputValue()).toBe("");
  expect(await page.content()).not.toContain(CANARY);
  expect(await traces(page)).not.toContain(CANARY);

  // A conflict kept as it is, one taken off the list, one removed, one added by hand.
  await row("SESSION_SIGNING_KEY")
    .getByRole("button", { name: /What to do with/ })
    .click();
  await page.getByRole("option", { name: "Keep what is there" }).click();
  await page.getByRole("button", { name: "Take COPIED off the list" }).click();
  await page.getByRole("button", { name: /Key to remove/ }).click();
  await page.getByRole("option", { name: "email/sendgrid/API_KEY" }).click();
  await page.getByRole("button", { name: "Stage removal" }).click();
  const one = page.getByRole("region", { name: "Add or change one" });
  await one.getByLabel("Name").fill("BY_HAND");
  await one.getByLabel("Value").fill("not real");
  await one.getByRole("button", { name: "Stage" }).click();
  await page.getByText("2 added, 1 changed, 1 removed").waitFor();
  await page.getByLabel("Why").fill("Moved from the old server");
  await look("edit");

  // Somebody else rotates one of them: nothing is saved, and then all is, on top of that.
  await caller.secrets.rotate({ name: "DATABASE_URL", value: "postgres://fake:fake@theirs.invalid/app" });
  await page.getByRole("button", { name: "Save 4 changes" }).click();
  await page.getByText("Somebody changed one of these meanwhile").waitFor();
  await look("edit-overtaken", ["1280"]);
  expect((await caller.secrets.list({ environment: "dev", prefix: "BY_HAND" })).secrets).toEqual([]);
  await page.getByRole("button", { name: "See the newest" }).click();
  await row("DATABASE_URL").getByText("replaces v3").waitFor();
  await page.getByRole("button", { name: "Save 4 changes" }).click();
  await page.getByText("4 changes saved").waitFor();
  await page.waitForURL("**/t/acme/default/dev");
  await page.getByRole("rowheader", { name: "BY_HAND" }).waitFor();
  expect(await caller.secrets.reveal({ name: "DATABASE_URL" })).toMatchObject({
    version: 4,
    value: "postgres://fake:fake@new.invalid/app ",
  });
  expect((await caller.secrets.reveal({ name: "TWILIO_AUTH_TOKEN" })).value).toBe(CANARY);
  expect((await caller.secrets.get({ name: "SESSION_SIGNING_KEY" })).version).toBe(1);
  const { events } = await caller.audit.list({ action: "secret.deleted", limit: 1 });
  expect(events[0]).toMatchObject({
    reason: "Moved from the old server",
    target: { name: "email/sendgrid/API_KEY" },
  });
  expect(await page.content()).not.toContain(CANARY);
  expect(visitor.addresses.join("\n")).not.toContain(CANARY);
  expect(scene.served.lines.join("\n")).not.toContain(CANARY);
  expect(complaints).toEqual([]);
  await visitor.leave();
});

test("a JSON file is dropped, leaving with something staged is asked about first, and what is in use is removed on a tick and a reason", async () => {
  const { token, caller } = await scene.furnish("globex");
  const visitor = await scene.visitor();
  const { page, look } = visitor;
  await visitor.signIn(token, "/t/globex/default/staging/edit");
  await page.getByText("Nothing is staged yet").waitFor();
  await page.getByRole("region", { name: /Paste or drop/ }).evaluate((box) => {
    const data = new DataTransfer();
    data.items.add(new File(['{"stripe": {"KEY": "not real"}, "LIST": [1]}'], "secrets.json"));
    box.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await page.getByRole("list", { name: "Staged changes" }).getByText("stripe/KEY").waitFor();
  await page.getByText("is neither text, nor a number").waitFor();
  let asked = "";
  page.once("dialog", (dialog) => {
    asked = dialog.message();
    void dialog.dismiss();
  });
  await page.getByRole("link", { name: "Rotation" }).click();
  await expect.poll(() => asked).toContain("Leave without saving?");
  expect(page.url()).toContain("/edit");
  page.once("dialog", (dialog) => void dialog.accept());
  await page.getByRole("link", { name: "Rotation" }).click();
  await page.waitForURL("**/t/globex/rotation");

  const { house } = scene.served;
  const name = "OPENAI_API_KEY";
  const made = await caller.tokens.create({ name: "checkout", preset: "reader", consumerName: "checkout" });
  const reader = house.as(made.token);
  await reader.secrets.reveal({ name });
  await reader.consumers.ack({ name, version: 1 });
  await house.server.flush();
  await page.goto("/t/globex/default/dev/edit");
  await page.getByRole("button", { name: /Key to remove/ }).click();
  await page.getByRole("option", { name }).click();
  await page.getByRole("button", { name: "Stage removal" }).click();
  const save = page.getByRole("button", { name: "Save 1 change" });
  await save.click();
  await page.getByRole("checkbox", { name: /in use all the same/ }).check();
  expect(await save.isDisabled()).toBe(true);
  expect((await caller.secrets.get({ name })).state).toBe("live");
  await page.getByRole("textbox", { name: "Why" }).fill("The assistant is gone");
  await look("edit-in-use", ["1280"]);
  await save.click();
  await page.getByText("1 change saved").waitFor();
  const { events } = await caller.audit.list({ action: "secret.deleted", limit: 1 });
  expect(events[0]).toMatchObject({ reason: "The assistant is gone", target: { name } });
  await visitor.leave();
});
