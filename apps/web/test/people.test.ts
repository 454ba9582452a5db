import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beginHandover, codeOf } from "@keyfold/client/handover";
import { makeOperator, PASSWORD } from "@keyfold/secrets/testing";
import { Secret, TOTP } from "otpauth";
import { expect, test } from "vitest";
import { hold } from "./hold.ts";
import { setScene } from "./scene.ts";
import { traces } from "./visitor.ts";

const scene = setScene();

test("the first operator opens a link, sets up an authenticator app, signs in with it, and ends a session elsewhere", async () => {
  const { server } = scene.served.house;
  const { secret } = await server.people.host.firstOperatorLink();
  const visitor = await scene.visitor();
  const { page, look, complaints } = visitor;

  // The link: taken from the address at once.
  await page.goto(`/welcome#${secret}`);
  await page.getByRole("heading", { name: "Become an operator" }).waitFor();
  expect(page.url()).not.toContain(secret);
  await look("welcome");
  await page.getByLabel("E-mail address").fill("ada@example.com");
  await page.getByLabel("Your name").fill("Ada");
  await page.getByLabel("Password").fill("password1234");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("is guessed at once").waitFor();
  await look("welcome-refused", ["1280"]);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.waitForURL("**/tenants");
  expect(await traces(page)).not.toContain(PASSWORD);

  // An authenticator app.
  await page.getByRole("button", { name: "Your account" }).click();
  await page.waitForURL("**/account");
  await page.getByText("None yet").waitFor();
  await look("account");
  await page.getByRole("button", { name: "Set up an authenticator app" }).click();
  const form = page.getByRole("dialog", { name: "Set up an authenticator app" });
  await form.getByLabel("Current password").fill(PASSWORD);
  await form.getByRole("button", { name: "Go on" }).click();
  await form.getByRole("img", { name: "QR code for your authenticator app" }).waitFor();
  const key = (await form.locator("code").textContent())!;
  const codeAt = (ms: number) =>
    new TOTP({ secret: Secret.fromBase32(key) }).generate({ timestamp: Date.now() + ms });
  await look("account-app");
  await form.getByLabel("Code that the app shows").fill("000000");
  await form.getByRole("button", { name: "Turn it on" }).click();
  await form.getByText("is not the app's code of now").waitFor();
  await form.getByLabel("Code that the app shows").fill(codeAt(0));
  await form.getByRole("button", { name: "Turn it on" }).click();
  const kept = page.getByRole("dialog", { name: "Keep your recovery codes" });
  await kept.getByRole("listitem").first().waitFor();
  const codes = await kept.getByRole("listitem").allTextContents();
  expect(codes.length).toBe(10);
  await look("account-codes");
  await kept.getByRole("button", { name: "I have kept them" }).click();
  await page.getByText("10 recovery codes left").waitFor();
  expect(await page.content()).not.toContain(codes[0]);

  // Signed in anew, elsewhere: the password, then a recovery code.
  const elsewhere = await scene.visitor();
  await elsewhere.page.goto("/sign-in");
  await elsewhere.page.getByLabel("E-mail address").fill("ada@example.com");
  await elsewhere.page.getByLabel("Password").fill("wrong, and not real");
  await elsewhere.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await elsewhere.page.getByText("The e-mail address or the password is wrong").waitFor();
  await elsewhere.look("sign-in-password-wrong", ["1280"]);
  await elsewhere.page.getByLabel("Password").fill(PASSWORD);
  await elsewhere.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await elsewhere.page.getByRole("heading", { name: "One more proof" }).waitFor();
  await elsewhere.look("sign-in-code");
  await elsewhere.page.getByLabel("Code").fill("000 000");
  await elsewhere.page.getByRole("button", { name: "Go on" }).click();
  await elsewhere.page.getByText("This code was not accepted").waitFor();
  await elsewhere.page.getByLabel("Code").fill(codes[0]!);
  await elsewhere.page.getByRole("button", { name: "Go on" }).click();
  await elsewhere.page.waitForURL("**/tenants");

  // Both sessions are listed; the other one is ended, and its browser is led to the sign-in page.
  await page.reload();
  const sessions = page.getByRole("region", { name: "Sessions" });
  await expect.poll(() => sessions.getByRole("listitem").count()).toBe(2);
  await look("account-full");
  // Gone at once; and there again, said honestly, when the server did not hear of it.
  const held = await hold(page, /\/people\/me\/sessions\//);
  await sessions.getByRole("button", { name: /^End the session/ }).click();
  await expect.poll(() => sessions.getByRole("listitem").count()).toBe(1);
  await held.fail();
  await page.getByText("Keyfold cannot be reached").waitFor();
  await expect.poll(() => sessions.getByRole("listitem").count()).toBe(2);
  await sessions.getByRole("button", { name: /^End the session/ }).click();
  await page.getByText("1 session ended").waitFor();
  await elsewhere.page.reload();
  await elsewhere.page.waitForURL("**/sign-in*");
  await elsewhere.leave();

  // Six minutes later, a change asks for a fresh proof.
  try {
    await scene.served.house.moveClock("6 minutes");
    await page.getByRole("button", { name: "Make new recovery codes" }).click();
    const prove = page.getByRole("dialog", { name: "Prove it is you" });
    await prove.getByLabel("Code of your app, or a recovery code").waitFor();
    await look("account-prove");
    await prove.getByLabel("Code of your app, or a recovery code").fill(codeAt(6 * 60_000));
    await prove.getByRole("button", { name: "Prove" }).click();
    await page.getByRole("dialog", { name: "Keep your recovery codes" }).waitFor();
    await page.getByRole("button", { name: "I have kept them" }).click();
    await page.getByRole("button", { name: "Remove Authenticator app" }).click();
    const sure = page.getByRole("alertdialog", { name: "Remove Authenticator app?" });
    await sure.getByRole("button", { name: "Remove" }).click();
    await page.getByText("None yet").waitFor();
  } finally {
    await scene.served.house.moveClock("0");
  }
  expect(complaints).toEqual([]);
  await visitor.leave();
});

test("a link that was used, or never was, says so; a password is changed, and a reset gives a new one", async () => {
  const { server } = scene.served.house;
  await makeOperator(server, "grace@example.com");
  const { secret } = await server.people.host.resetOperator("grace@example.com");
  const visitor = await scene.visitor();
  const { page, look, complaints } = visitor;
  await page.goto("/welcome#not-a-real-secret");
  await page.getByRole("heading", { name: "This link is of no use any more" }).waitFor();
  await look("welcome-ended");
  await page.goto("/sign-in");
  await page.getByLabel("E-mail address").fill("grace@example.com");
  await page.getByRole("button", { name: "Forgot your password?" }).click();
  await page.getByText("This Keyfold sends no mail").waitFor();
  await look("sign-in-no-mail", ["1280"]);
  await page.goto(`/welcome#${secret}`);
  await page.getByRole("heading", { name: "Choose a new password" }).waitFor();
  await page.getByText("For grace@example.com").waitFor();
  await look("welcome-reset");
  const fresh = "another copper lantern 7, not real";
  await page.getByLabel("Password").fill(fresh);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.waitForURL("**/tenants");
  await page.goto("/account");
  await page.getByRole("button", { name: "Change password" }).click();
  const form = page.getByRole("dialog", { name: "Change password" });
  await form.getByLabel("Current password").fill("wrong, and not real");
  await form.getByLabel("New password").fill(PASSWORD);
  await form.getByRole("button", { name: "Change password" }).click();
  await form.getByText("is wrong").waitFor();
  await look("account-password", ["1280"]);
  await form.getByLabel("Current password").fill(fresh);
  await form.getByRole("button", { name: "Change password" }).click();
  await page.getByText("Password changed").waitFor();
  expect(complaints).toEqual([]);
  await visitor.leave();
});

test("somebody invited comes by the link, works as what they were given, and changes between two tenants", async () => {
  const hooli = await scene.furnish("hooli");
  const raviga = await scene.furnish("raviga");
  const owner = { role: "owner" };
  const invite = (at: typeof hooli, grants: { role: string }[]) =>
    at.caller.invitations.create({ email: "peter@example.com", grants });
  const { secret } = await invite(hooli, [owner]);
  const visitor = await scene.visitor();
  const { page, look, complaints } = visitor;
  await page.goto(`/welcome#${secret}`);
  await page.getByRole("heading", { name: "You are invited" }).waitFor();
  await look("welcome-member");
  await page.getByLabel("Your name").fill("Peter");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.waitForURL("**/t/hooli/default/dev");
  await page.getByRole("button", { name: "Reveal DATABASE_URL" }).click();
  await page.getByRole("region", { name: "Value of DATABASE_URL" }).waitFor();
  const { secret: second } = await invite(raviga, [owner]);
  await page.goto("about:blank");
  await page.goto(`/welcome#${second}`);
  await page.getByRole("button", { name: "Accept the invitation" }).click();
  await page.waitForURL("**/t/raviga/default/dev");
  await page.getByRole("button", { name: "Another tenant" }).click();
  await page.getByRole("heading", { name: "Where to?" }).waitFor();
  await look("choose");
  await page.getByRole("button", { name: "hooli" }).click();
  await page.waitForURL("**/t/hooli/default/dev");
  // Signed in anew, one chooses first.
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("E-mail address").fill("peter@example.com");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("button", { name: "raviga" }).click();
  await page.waitForURL("**/t/raviga/default/dev");
  expect(complaints).toEqual([]);
  await visitor.leave();
});

test("a passkey is made, signs in by itself, proves who one is, and is refused once it was removed", async () => {
  const { server } = scene.served.house;
  await makeOperator(server, "margaret@example.com");
  const visitor = await scene.visitor();
  const { page, context, look, complaints } = visitor;
  // A passkey belongs to a host name: an address of numbers has none.
  const site = scene.served.url.replace("127.0.0.1", "localhost");
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const authenticator = {
    protocol: "ctap2",
    transport: "internal",
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  } as const;
  await devtools.send("WebAuthn.addVirtualAuthenticator", { options: authenticator });
  const signIn = async () => {
    await page.getByLabel("E-mail address").fill("margaret@example.com");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.waitForURL("**/tenants");
  };
  await page.goto(`${site}/sign-in`);
  await signIn();
  await page.goto(`${site}/account`);
  await page.getByRole("button", { name: "Add a passkey" }).click();
  const form = page.getByRole("dialog", { name: "Add a passkey" });
  await form.getByLabel("What you call it").fill("Laptop");
  await form.getByLabel("Current password").fill(PASSWORD);
  await look("account-passkey");
  await form.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByRole("button", { name: "I have kept them" }).click();
  await page.getByRole("list", { name: "Second factors" }).getByText("Laptop").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  // The password alone does not do any more; the passkey does.
  await page.getByLabel("E-mail address").fill("margaret@example.com");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "One more proof" }).waitFor();
  await page.goto(`${site}/sign-in`);
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.waitForURL("**/tenants");
  // Later, it proves who one is.
  try {
    await scene.served.house.moveClock("6 minutes");
    await page.goto(`${site}/account`);
    await page.getByRole("button", { name: "Remove Laptop" }).click();
    const sure = page.getByRole("alertdialog", { name: "Remove Laptop?" });
    await sure.getByRole("button", { name: "Remove" }).click();
    const prove = page.getByRole("dialog", { name: "Prove it is you" });
    await prove.getByRole("button", { name: "Use a passkey" }).click();
    await page.getByText("None yet").waitFor();
  } finally {
    await scene.served.house.moveClock("0");
  }
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByText("This passkey is not known here").waitFor();
  await signIn();
  const { events } = await scene.served.house
    .as(scene.served.house.operatorToken)
    .audit.list({ deployment: true, action: "person", limit: 200 });
  expect(events.filter((event) => event.actor.via === "passkey").map((event) => event.action)).toEqual([
    "person.factor_proved",
    "person.signed_in",
  ]);
  expect(complaints).toEqual([]);
  await visitor.leave();
});

test("a terminal is signed in where its code is confirmed: its token travels sealed, and back to this machine alone", async () => {
  const { url, house } = scene.served;
  const { token } = await house.tenant("terminals");
  const visitor = await scene.visitor();
  const { page, look, complaints, addresses } = visitor;
  const handover = await beginHandover();
  const answers: string[] = [];
  const terminal = createServer((request, response) => {
    answers.push(request.url!);
    response.end("Signed in.");
  }).listen(0, "127.0.0.1");
  await once(terminal, "listening");
  try {
    await visitor.signIn(token!);
    const { port } = terminal.address() as AddressInfo;
    const asking = `key=${handover.publicKey}&host=ada-laptop%3Cscript%3E`;
    await page.goto(`/connect#${asking}&port=${port}`);
    await page.getByText(await codeOf(handover.publicKey, url)).waitFor();
    await page.getByText("It says that it runs on ada-laptopscript.").waitFor();
    await look("connect");
    await page.getByRole("button", { name: "The codes are the same: sign it in" }).click();
    await page.getByText("Signed in.").waitFor();
    const sealed = new URL(answers[0]!, url).searchParams.get("sealed")!;
    const handed = (await handover.open(sealed, url))!;
    expect(await house.as(handed).identity.get({})).toMatchObject({
      name: "Command line on ada-laptopscript",
    });
    expect(addresses.join()).not.toContain(handed);

    // Where the browser is on another machine: the same, to be pasted.
    await page.goto(`/connect#${asking}`);
    await page.getByRole("button", { name: "The codes are the same: sign it in" }).click();
    const pasted = await page
      .getByRole("region", { name: "Paste this into the terminal" })
      .locator("pre")
      .textContent();
    expect(await handover.open(pasted!, url)).toMatch(/^kf_/);
    await look("connect-paste", ["1280"]);

    // An address that asks for nothing.
    await page.goto("/tokens-are-not-made-by-this");
    await page.goto("/connect#key=short&port=80");
    await page.getByText("This address asks for nothing").waitFor();
    expect((await house.as(token!).tokens.list({})).tokens).toHaveLength(3);
    expect(complaints).toEqual([]);
  } finally {
    terminal.close();
    await visitor.leave();
  }
});
