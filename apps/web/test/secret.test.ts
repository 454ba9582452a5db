import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { hold } from "./hold.ts";
import { setScene } from "./scene.ts";
import { traces } from "./visitor.ts";

const scene = setScene();

test("a value is made, or taken from a file, and JSON is known as such; none of it stands in the page's markup", async () => {
  const { token, caller } = await scene.furnish("vandelay");
  const visitor = await scene.visitor();
  const { page, look, complaints } = visitor;
  await visitor.signIn(token);
  await page.getByRole("button", { name: "New secret" }).click();
  const form = page.getByRole("dialog", { name: "New secret" });
  const box = form.getByLabel("Value");
  await form.getByLabel("Name", { exact: true }).fill("SIGNING_KEY");
  await form.getByRole("button", { name: "Make one" }).click();
  await page.getByRole("menuitem", { name: "Random, hexadecimal" }).click();
  await form.getByText("Made here, by your browser's own random numbers.").waitFor();
  const made = await box.inputValue();
  expect(made).toMatch(/^[0-9a-f]{64}$/);
  expect(await traces(page)).not.toContain(made);
  expect(await page.content()).not.toContain(made);
  await look("secret-made", ["1280"]);
  await box.fill('{"type": "service_account"');
  await form.getByText("This looks like JSON, but is not valid.").waitFor();
  await box.fill('{"type": "service_account"}');
  await form.getByText("Valid JSON.").waitFor();
  const bytes = Buffer.from([0, 1, 254, 255]);
  const choose = form.locator("input[type=file]");
  await choose.setInputFiles({ name: "key.bin", mimeType: "application/octet-stream", buffer: bytes });
  await form.getByText("Taken from the file: bytes, as base64.").waitFor();
  expect(await form.getByLabel("Binary").isChecked()).toBe(true);
  const pem = "-----BEGIN FAKE KEY-----\nnot real\n-----END FAKE KEY-----";
  await choose.setInputFiles({ name: "key.pem", mimeType: "text/plain", buffer: Buffer.from(pem) });
  await form.getByText("Taken from the file, as text.").waitFor();
  await look("secret-file", ["360"]);
  await form.getByRole("button", { name: "Create secret" }).click();
  await page.getByText("SIGNING_KEY created").waitFor();
  expect(await caller.secrets.reveal({ name: "SIGNING_KEY" })).toMatchObject({
    value: pem,
    encoding: "utf8",
  });
  expect(complaints).toEqual([]);
  await visitor.leave();
});

test("two versions are compared in the browser by the names of their parts, and what was found goes as a value does", async () => {
  const { token, caller } = await scene.furnish("pendant");
  const value = (facts: object) => JSON.stringify({ host: "db.invalid", canary: "not_a_real_1", ...facts });
  const { id } = await caller.secrets.create({ name: "DB", value: value({ port: 1, old: "x" }) });
  await caller.secrets.rotate({ id, value: value({ port: 2, canary: "not_a_real_2", tls: true }) });
  const visitor = await scene.visitor();
  const { page, look, complaints } = visitor;
  await visitor.signIn(token, `/t/pendant/default/dev/s/${id}`);
  await page.getByRole("button", { name: "Compare versions" }).click();
  const dialog = page.getByRole("dialog", { name: "What changed in DB" });
  // Nothing is read before it is asked for.
  const { events } = await caller.audit.list({ action: "secret.accessed" });
  expect(events).toEqual([]);
  const compare = dialog.getByRole("button", { name: "Compare" });
  await compare.click();
  const parts = dialog.getByRole("list", { name: "Parts that changed" });
  await dialog.getByText("1 added, 1 removed, 2 changed, 1 the same").waitFor();
  expect(await parts.getByRole("listitem").allInnerTexts()).toEqual(
    ["changed canary", "removed old", "changed port", "added tls"].map((words) =>
      expect.stringMatching(new RegExp(`^${words.replace(" ", "\\s+")}\\s`)),
    ),
  );
  expect(`${await page.content()}${await traces(page)}`).not.toContain("not_a_real");
  await look("secret-compared");
  await page.evaluate(() => dispatchEvent(new Event("blur")));
  await parts.waitFor({ state: "detached" });
  await compare.click();
  await parts.waitFor();
  await page.clock.fastForward(31_000);
  await parts.waitFor({ state: "detached" });
  const read = await caller.audit.list({ action: "secret.accessed" });
  expect(read.events.map(({ target }) => target?.version)).toEqual([2, 1, 2, 1]);
  // Who may not read the one reads neither, and is told so.
  await caller.versions.revoke({ id, version: 1, force: true, reason: "it leaked" });
  await compare.click();
  await page
    .getByText(/revoked/i)
    .first()
    .waitFor();
  expect(await parts.count()).toBe(0);
  expect(complaints).toEqual([]);
  await visitor.leave();
});

test("a secret's page changes its description and tags, says who gets at it and why, and shows what happened to it", async () => {
  const { token, caller } = await scene.furnish("kramerica");
  const { id } = await caller.secrets.get({ name: "OPENAI_API_KEY" });
  await caller.secrets.setAccessPolicy({ id, policy: { writeOnly: true } });
  const visitor = await scene.visitor();
  const { page, look, complaints } = visitor;
  await visitor.signIn(token, `/t/kramerica/default/dev/s/${id}`);
  const drawer = page.getByRole("dialog", { name: "OPENAI_API_KEY" });
  await drawer.getByText("Write-only").waitFor();
  await drawer.getByRole("button", { name: "Edit details" }).click();
  const form = page.getByRole("dialog", { name: "Details of OPENAI_API_KEY" });
  await form.getByLabel("Description").fill("The assistant's own key");
  await form.getByLabel("Tags").fill("team=assist\ncritical");
  await look("secret-details", ["1280"]);
  // Shown before the server has it; what was there comes back when it does not, and the form with what was typed.
  const held = await hold(page, /secrets\.update/);
  await form.getByRole("button", { name: "Save" }).click();
  await form.waitFor({ state: "detached" });
  await drawer.getByText("The assistant's own key").waitFor();
  await drawer.getByText("team: assist").waitFor();
  expect(await page.getByText("Details of OPENAI_API_KEY saved.").count()).toBe(0);
  await held.fail();
  await form.getByText("Keyfold cannot be reached").waitFor();
  await page.locator("p", { hasText: "The assistant's own key" }).waitFor({ state: "detached" });
  expect(await form.getByLabel("Description").inputValue()).toBe("The assistant's own key");
  expect((await caller.secrets.get({ id })).description).toBe("");
  await look("secret-rolled-back", ["360", "1280"]);
  await form.getByRole("button", { name: "Save" }).click();
  await page.getByText("Details of OPENAI_API_KEY saved.").waitFor();
  await drawer.getByText("The assistant's own key").waitFor();
  await drawer.getByText("team: assist").waitFor();
  await page.reload();
  const events = drawer.getByRole("list", { name: "What happened to it" });
  await events.getByText("secret.updated").first().waitFor();
  await drawer.getByRole("heading", { name: "What happened to it" }).scrollIntoViewIfNeeded();
  await look("secret-audit", ["1280"]);
  // Two people at once: the second hears of the first, and nothing is lost.
  await drawer.getByRole("button", { name: "Edit details" }).click();
  await caller.secrets.update({ id, description: "Somebody else's words" });
  await form.getByRole("button", { name: "Save" }).click();
  await form.getByText("Correlation id").waitFor();
  expect((await caller.secrets.get({ id })).description).toBe("Somebody else's words");
  await form.getByRole("button", { name: "Save" }).click();
  await form.getByText("Correlation id").waitFor();
  expect((await caller.secrets.get({ id })).description).toBe("Somebody else's words");
  await form.getByRole("button", { name: "Cancel" }).click();

  // Who gets at it: not said over what somebody else said meanwhile.
  const rules = page.getByRole("dialog", { name: "Access policy of OPENAI_API_KEY" });
  const confine = async () => {
    await drawer.getByRole("button", { name: "Change access" }).click();
    await rules.getByLabel("Only these services").fill("checkout\nbilling\n");
    await rules.getByRole("checkbox", { name: "default / prod" }).check();
  };
  await confine();
  await rules.getByRole("checkbox", { name: "Only with a second factor" }).check();
  await rules.getByText("With both nobody reads its values").waitFor();
  await look("secret-policy-form");
  await caller.secrets.update({ id, description: "Again somebody else's words" });
  await rules.getByRole("button", { name: "Save policy" }).click();
  await rules.getByRole("alert").waitFor();
  await rules.getByRole("button", { name: "Cancel" }).click();
  await page.reload();
  await confine();
  await rules.getByRole("button", { name: "Save policy" }).click();
  await page.getByText("Access policy of OPENAI_API_KEY saved").waitFor();
  await drawer.getByText("default / prod").waitFor();
  expect((await caller.secrets.get({ id })).accessPolicy).toMatchObject({
    services: ["billing", "checkout"],
    mfa: false,
    writeOnly: true,
  });
  await look("secret-policy");

  // Why somebody may not, in place.
  await drawer.getByRole("button", { name: "Who may?" }).click();
  const explain = page.getByRole("dialog", { name: "Who may do what with OPENAI_API_KEY" });
  await explain.getByRole("button", { name: "Explain" }).click();
  await explain.getByText("does not name this service").waitFor();
  await look("secret-explained", ["360"]);
  await page.keyboard.press("Escape");
  await drawer.getByRole("button", { name: "Change access" }).click();
  await rules.getByRole("checkbox", { name: "Write-only" }).uncheck();
  await rules.getByLabel("Only these services").fill("");
  await rules.getByRole("checkbox", { name: "default / prod" }).uncheck();
  await rules.getByRole("button", { name: "Save policy" }).click();
  await page.getByText("OPENAI_API_KEY has no access policy any more").waitFor();
  expect((await caller.secrets.get({ id })).accessPolicy).toBeNull();
  expect(complaints).toEqual([]);
  await visitor.leave();
});
