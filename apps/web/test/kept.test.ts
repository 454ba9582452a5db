import { requestInfo } from "@keyfold/secrets";
import { PASSWORD } from "@keyfold/secrets/testing";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { arrived, cached, goTo } from "./inside.ts";
import { setScene } from "./scene.ts";
import { traces, type Visitor } from "./visitor.ts";

const scene = setScene();
const CANARY = "sk_test_not_a_real_key_that_nobody_may_keep";
const AGAIN = "Your session has ended";

/** Ends the session on the server, as the same browser's other tab would. */
const endSession = ({ context }: Visitor) =>
  context.request.delete("/session", { headers: { "x-keyfold": "panel", origin: scene.served.url } });

test("a session that ends in the middle of a form: what was typed stays in memory, and is sent once its owner is back", async () => {
  const tenant = await scene.furnish("acme");
  const email = "olga@example.com";
  const { secret } = await tenant.caller.invitations.create({ email, grants: [{ role: "owner" }] });
  const { people } = scene.served.house.server;
  const started = await people.acceptLink(requestInfo({}), { secret, name: "Olga", password: PASSWORD });
  const visitor = await scene.visitor();
  const { page, context, look, complaints, addresses } = visitor;
  const { url } = scene.served;
  await context.addCookies([{ name: "keyfold", value: started!.secret, url, httpOnly: true }]);
  await page.goto("/t/acme/default/dev");

  // A new value.
  await page.getByRole("button", { name: "New secret" }).click();
  const form = page.getByRole("dialog", { name: "New secret" });
  await form.getByLabel("Name").fill("TWILIO_AUTH_TOKEN");
  await form.getByLabel("Value").fill(CANARY);
  await endSession(visitor);
  await form.getByRole("button", { name: "Create secret" }).click();
  const again = page.getByRole("dialog", { name: AGAIN });
  await again.getByText("Sign in as Olga to go on").waitFor();
  expect(await again.getByLabel("E-mail address").inputValue()).toBe(email);
  expect(await traces(page)).not.toContain(CANARY);
  expect(new URL(page.url()).pathname).toBe("/t/acme/default/dev");
  await look("session-ended-in-form");
  await again.getByLabel("Password").fill("not her password");
  await again.getByRole("button", { name: "Sign in", exact: true }).click();
  await again.getByText("The e-mail address or the password is wrong").waitFor();
  await again.getByLabel("Password").fill(PASSWORD);
  await again.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByText("TWILIO_AUTH_TOKEN created").waitFor();
  const made = await tenant.caller.secrets.reveal({ name: "TWILIO_AUTH_TOKEN" });
  expect(made).toMatchObject({ value: CANARY, version: 1 });

  // Details; first not now, and then.
  await page.getByRole("link", { name: "TWILIO_AUTH_TOKEN" }).click();
  await page.getByRole("button", { name: "Edit details" }).click();
  const details = page.getByRole("dialog", { name: /details/i });
  await details.getByLabel("Description").fill("Sends the codes");
  await endSession(visitor);
  await details.getByRole("button", { name: "Save" }).click();
  await again.getByRole("button", { name: "Not now" }).click();
  await details.getByText("Your session has ended. Try again to sign in").waitFor();
  expect(await details.getByLabel("Description").inputValue()).toBe("Sends the codes");
  await details.getByRole("button", { name: "Save" }).click();
  await again.getByLabel("Password").fill(PASSWORD);
  await again.getByRole("button", { name: "Sign in", exact: true }).click();
  await details.waitFor({ state: "detached" });
  await page.getByText("Sends the codes").waitFor();
  expect(addresses.join("\n")).not.toContain(CANARY);
  expect(complaints).toEqual([]);
  await visitor.leave();
});

test("a session that ends over staged edits: they are saved once their owner is back, and by nobody else", async () => {
  const { token, caller } = await scene.furnish("globex");
  const stranger = await scene.served.house.tenant("initech");
  const visitor = await scene.visitor();
  const { page, look, complaints } = visitor;
  await visitor.signIn(token, "/t/globex/default/dev/edit");
  await page.getByLabel("Text of a .env or JSON file").fill(`STAGED_ONE=${CANARY}\nSTAGED_TWO=not real`);
  await page.getByRole("button", { name: "Read", exact: true }).click();
  await page.getByText("2 added").waitFor();
  await endSession(visitor);
  await page.getByRole("button", { name: /^Save/ }).click();
  const again = page.getByRole("dialog", { name: AGAIN });
  await again.getByLabel("Token").fill(stranger.token);
  await again.getByRole("button", { name: "Sign in", exact: true }).click();
  await again.getByText("somebody else's sign-in").waitFor();
  await look("session-ended-other", ["360"]);
  await again.getByRole("button", { name: "I signed in in another tab" }).click();
  await again.getByText("is not signed in here yet").waitFor();
  expect(await traces(page)).not.toContain(CANARY);
  await again.getByLabel("Token").fill(token);
  await again.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL("**/t/globex/default/dev");
  expect((await caller.secrets.reveal({ name: "STAGED_ONE" })).value).toBe(CANARY);
  expect((await stranger.caller.secrets.list({})).secrets).toEqual([]);
  expect(complaints).toEqual([]);
  await visitor.leave();
});

/** Everything that the page's JavaScript can still reach, as text: a heap snapshot, after its garbage was collected. */
async function heap(page: Page): Promise<string> {
  const devtools = await page.context().newCDPSession(page);
  const chunks: string[] = [];
  devtools.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => chunks.push(chunk));
  await devtools.send("HeapProfiler.enable");
  await devtools.send("HeapProfiler.collectGarbage");
  await devtools.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  await devtools.detach();
  return chunks.join("");
}

test("a value leaves the page's memory when it is hidden, when the page is left, and on signing out", async () => {
  const { token, caller } = await scene.served.house.tenant("hooli");
  // Made here, so that the browser has it from revealing alone.
  await caller.secrets.create({ name: "KEY", value: CANARY });
  const visitor = await scene.visitor();
  const { page, complaints } = visitor;
  await visitor.signIn(token, "/t/hooli/default/dev");
  const shown = page.getByRole("region", { name: "Value of KEY" });
  const reveal = async () => {
    await page.getByRole("button", { name: "Reveal KEY" }).click();
    await shown.waitFor();
  };
  const ways: Record<string, () => Promise<void>> = {
    "it is hidden": () => page.getByRole("button", { name: "Hide KEY" }).first().click(),
    "the window loses focus": () => page.evaluate(() => void dispatchEvent(new Event("blur"))),
    "another page is opened": () => goTo(page, "/t/hooli/tokens").then(() => arrived(page)),
    "one signs out": () => page.getByRole("button", { name: "Sign out" }).click(),
  };
  for (const [way, hide] of Object.entries(ways)) {
    if (way === "one signs out") await goTo(page, "/t/hooli/default/dev");
    await reveal();
    // That it would be found.
    if (way === "it is hidden") expect(await heap(page)).toContain(CANARY);
    await hide();
    await shown.waitFor({ state: "detached" });
    if (way !== "one signs out") expect(await cached(page)).not.toContain(CANARY);
    const inMemory = async () => (await heap(page)).includes(CANARY);
    await expect.poll(inMemory, { message: `in memory after ${way}` }).toBe(false);
  }
  expect(complaints).toEqual([]);
  await visitor.leave();
});

test("a call that carries a value and fails leaves it in no console, no toast, no page and no log", async () => {
  const { token } = await scene.served.house.tenant("umbrella");
  const visitor = await scene.visitor();
  const { page } = visitor;
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text(), JSON.stringify(message.location())));
  page.on("pageerror", (error) => said.push(String(error.stack)));
  await visitor.signIn(token, "/t/umbrella/default/dev");
  await page.getByRole("button", { name: "New secret" }).first().click();
  const form = page.getByRole("dialog", { name: "New secret" });
  await form.getByLabel("Name").fill("KEY");
  await form.getByLabel("Value").fill(CANARY);
  const fails = async (sentence: string) => {
    await form.getByRole("button", { name: "Create secret" }).click();
    await form.getByText(sentence).last().waitFor();
    for (const text of [await page.content(), await traces(page), await cached(page), said.join("\n")])
      expect(text).not.toContain(CANARY);
    expect(scene.served.lines.join("\n")).not.toContain(CANARY);
  };
  await page.route("**/trpc/**", (route) => route.abort());
  await fails("Keyfold cannot be reached");
  await page.unroute("**/trpc/**");
  // A proxy's own page, which repeats what it was given.
  await page.route("**/trpc/**", (route) =>
    route.fulfill({ status: 500, contentType: "text/html", body: `<h1>${route.request().postData()}</h1>` }),
  );
  await fails("Keyfold cannot be reached");
  await page.unroute("**/trpc/**");
  const { house } = scene.served;
  await house.sql("REVOKE INSERT ON control_plane.secrets FROM keyfold_tenant");
  try {
    await fails("Correlation id");
  } finally {
    await house.sql("GRANT INSERT ON control_plane.secrets TO keyfold_tenant");
  }
  expect(scene.served.lines.some((line) => line.includes('"status":500'))).toBe(true);
  await visitor.leave();
});

test("a slow answer shows that something runs, and what was asked for twice is sent once", async () => {
  const { token, caller } = await scene.served.house.tenant("wayne");
  const visitor = await scene.visitor();
  const { page, picture, complaints } = visitor;
  await visitor.signIn(token, "/t/wayne/default/dev");
  const held: (() => Promise<void>)[] = [];
  await page.route("**/trpc/secrets.create*", (route) => void held.push(() => route.continue()));
  await page.getByRole("button", { name: "New secret" }).first().click();
  const form = page.getByRole("dialog", { name: "New secret" });
  await form.getByLabel("Name").fill("KEY");
  await form.getByLabel("Value").fill(CANARY);
  await form.getByRole("button", { name: "Create secret" }).click();
  const running = form.getByRole("button", { name: "Encrypting…" });
  await running.waitFor();
  expect(await running.getAttribute("aria-busy")).toBe("true");
  // Again by the button, by the key, and by leaving.
  await running.dispatchEvent("click");
  await form.getByLabel("Name").press("Enter");
  await page.keyboard.press("Escape");
  expect(await form.getByRole("button", { name: "Cancel" }).isDisabled()).toBe(true);
  await picture("create-slow");
  await expect.poll(() => held.length).toBe(1);
  await held[0]!();
  await page.getByText("KEY created").waitFor();
  expect(held).toHaveLength(1);
  expect((await caller.secrets.list({})).secrets.map(({ name, version }) => [name, version])).toEqual([
    ["KEY", 1],
  ]);
  expect(complaints).toEqual([]);
  await visitor.leave();
});
