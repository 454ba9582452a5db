import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
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

test("a secret's page changes its description and tags, and shows its policy and what happened to it", async () => {
  const { token, caller } = await scene.furnish("kramerica");
  const { id } = await caller.secrets.get({ name: "OPENAI_API_KEY" });
  await caller.secrets.setAccessPolicy({ id, policy: { writeOnly: true } });
  const visitor = await scene.visitor();
  const { page, look, complaints } = visitor;
  await visitor.signIn(token);
  await page.goto(`/t/kramerica/default/dev/s/${id}`);
  const drawer = page.getByRole("dialog", { name: "OPENAI_API_KEY" });
  await drawer.getByText("Write-only").waitFor();
  await drawer.getByRole("button", { name: "Edit details" }).click();
  const form = page.getByRole("dialog", { name: "Details of OPENAI_API_KEY" });
  await form.getByLabel("Description").fill("The assistant's own key");
  await form.getByLabel("Tags").fill("team=assist\ncritical");
  await look("secret-details", ["1280"]);
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
  await form.getByRole("alert").waitFor();
  expect((await caller.secrets.get({ id })).description).toBe("Somebody else's words");
  expect(complaints).toEqual([]);
  await visitor.leave();
});
