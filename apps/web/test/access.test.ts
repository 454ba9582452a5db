import { requestInfo } from "@keyfold/secrets";
import { PASSWORD } from "@keyfold/secrets/testing";
import { Secret, TOTP } from "otpauth";
import { expect, test } from "vitest";
import { setScene } from "./scene.ts";
import type { Visitor } from "./visitor.ts";

const scene = setScene();
type Tenant = Awaited<ReturnType<typeof scene.furnish>>;

/** A new member with a password, and a browser in which they are signed in. */
async function joins(tenant: Tenant, name: string, role: string): Promise<Visitor & { session: string }> {
  const email = `${name.toLowerCase()}.${tenant.slug}@example.com`;
  const { secret } = await tenant.caller.invitations.create({ email, grants: [{ role }] });
  const { people } = scene.served.house.server;
  const started = await people.acceptLink(requestInfo({}), { secret, name, password: PASSWORD });
  const visitor = await scene.visitor();
  await bring(visitor, started!.secret);
  return { ...visitor, session: started!.secret };
}

const bring = ({ context }: Visitor, session: string) =>
  context.addCookies([{ name: "keyfold", value: session, url: scene.served.url, httpOnly: true }]);

test("an owner invites somebody, gives them other rights, makes a role, and removes them", async () => {
  const tenant = await scene.furnish("soylent");
  const stranger = await scene.visitor();
  await stranger.signIn(tenant.token);
  await stranger.page.getByRole("rowheader", { name: "DATABASE_URL" }).waitFor();
  await stranger.page.getByRole("link", { name: "Members" }).click();
  await stranger.page.getByText("Nobody belongs to this tenant yet").waitFor();
  await stranger.look("members-empty", ["360"]);
  await stranger.leave();
  const { page, look, complaints, leave } = await joins(tenant, "Olga", "owner");
  await joins(tenant, "Dora", "developer").then((dora) => dora.leave());
  await page.goto("/t/soylent/members");
  const members = page.getByRole("list", { name: "Members", exact: true }).getByRole("listitem");
  await page.getByText("Dora").waitFor();

  // Invited, for one environment, some names and thirty days.
  await page.getByRole("button", { name: "Invite" }).click();
  const form = page.getByRole("dialog", { name: "Invite somebody" });
  await form.getByRole("button", { name: "Make the invitation" }).click();
  await form.getByText("Give an address").waitFor();
  await form.getByLabel("E-mail address").fill("vera@example.com");
  await form.getByRole("button", { name: /Where/ }).click();
  await page.getByRole("option", { name: "default / prod" }).click();
  await form.getByLabel("Prefix of names").fill("billing/");
  await form.getByRole("button", { name: /Until/ }).click();
  await page.getByRole("option", { name: "30 days from now" }).click();
  await page.getByRole("listbox").waitFor({ state: "detached" });
  await look("members-invite", ["360"]);
  await form.getByRole("button", { name: "Make the invitation" }).click();
  const once = page.getByRole("dialog", { name: "Copy the link now" });
  const link = (await once.locator("pre").textContent())!;
  expect(link).toMatch(new RegExp(`^${scene.served.url}/welcome#[A-Za-z0-9_-]{43}$`));
  await look("members-link", ["1280"]);
  await once.getByRole("button", { name: "Done" }).click();
  await once.waitFor({ state: "detached" });
  expect(await page.content()).not.toContain(link.split("#")[1]);
  const invited = page.getByRole("list", { name: "Open invitations" });
  await invited.getByText("default / prod, only billing/").waitFor();

  // A role of the tenant's own.
  await page.getByRole("button", { name: "New role" }).click();
  const role = page.getByRole("dialog", { name: "New role" });
  await role.getByRole("button", { name: "Save" }).click();
  await role.getByText("Tick at least one").waitFor();
  await role.getByLabel("Name", { exact: true }).fill("Night shift");
  await role.getByLabel("What it is for").fill("Looks, and revokes what leaked.");
  await role.getByRole("checkbox", { name: "secret.list" }).check();
  await role.getByRole("checkbox", { name: "version.revoke" }).check();
  await look("members-role", ["360"]);
  await role.getByRole("button", { name: "Save" }).click();
  await page.getByText("Night shift saved").waitFor();

  // Dora is given it besides.
  await page.getByRole("button", { name: "More for Dora" }).click();
  await page.getByRole("menuitem", { name: "Change" }).click();
  const change = page.getByRole("dialog", { name: "Change Dora" });
  await change.getByRole("button", { name: "Add another right" }).click();
  const second = change.getByRole("listitem", { name: "Right 2" });
  await second.getByRole("button", { name: /Role/ }).click();
  await page.getByRole("option", { name: "Night shift" }).click();
  await second.getByRole("button", { name: /Where/ }).click();
  await page.getByRole("option", { name: "default / staging" }).click();
  await page.getByRole("listbox").waitFor({ state: "detached" });
  await look("members-change", ["360"]);
  await change.getByRole("button", { name: "Save" }).click();
  await page.getByText("Dora saved").waitFor();
  const dora = members.filter({ hasText: "Dora" });
  await dora.first().getByText("Night shift").waitFor();
  await look("members");
  const { members: stored } = await tenant.caller.members.list({});
  const { roles } = await tenant.caller.roles.list({});
  expect(stored.find(({ name }) => name === "Dora")?.grants.map((grant) => grant.role)).toEqual([
    "developer",
    roles[0]!.id,
  ]);

  // Cancelled, and removed.
  await page.getByRole("button", { name: "Cancel the invitation of vera@example.com" }).click();
  await page.getByText("No invitation is open").waitFor();
  await page.getByRole("button", { name: "More for Dora" }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  const sure = page.getByRole("alertdialog", { name: "Remove Dora?" });
  await sure.waitFor();
  await look("members-remove", ["1280"]);
  await sure.getByRole("button", { name: "Remove" }).click();
  await page.getByText("Dora removed").waitFor();
  await expect.poll(() => members.filter({ hasText: "Dora" }).count()).toBe(0);
  // Nobody is left without an owner; the refusal is said where one stands.
  await page.getByRole("button", { name: "More for Olga" }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
  await page.getByRole("alertdialog").getByRole("alert").waitFor();
  expect(complaints).toEqual([]);
  await leave();
});

const inDays = (n: number) => new Date(Date.now() + n * 86_400_000).toISOString();

test("what takes two is asked for by one and decided by another; why somebody may not is explained", async () => {
  const tenant = await scene.furnish("veridian");
  const olga = await joins(tenant, "Olga", "owner");
  const dora = await joins(tenant, "Dora", "developer");
  await olga.page.goto("/t/veridian/approvals");
  await olga.page.getByText("Nothing waits").waitFor();
  await olga.look("approvals-empty", ["360"]);
  await protect(olga, "veridian");

  // Refused, with the way to ask.
  const { page } = dora;
  await page.goto("/t/veridian/default/dev");
  await page.getByRole("button", { name: "More for OPENAI_API_KEY" }).click();
  await page.getByRole("menuitem", { name: "Rotate" }).click();
  const rotate = page.getByRole("dialog", { name: "Rotate OPENAI_API_KEY" });
  await rotate.getByLabel("New value").fill("sk_test_not_a_real_key");
  await rotate.getByRole("button", { name: "Rotate", exact: true }).click();
  await rotate.getByText("This takes two people").waitFor();
  await dora.look("approval-required", ["1280"]);
  // Going on without another person is for owners.
  expect(await rotate.getByRole("button", { name: "Break the glass" }).count()).toBe(0);
  await rotate.getByRole("link", { name: "Ask for an approval" }).click();
  const ask = page.getByRole("dialog", { name: "Ask for an approval" });
  await ask.getByLabel("Secret's name").fill("OPENAI_API_KEY");
  await ask.getByRole("button", { name: "Ask" }).click();
  await ask.getByText("Say why").waitFor();
  await ask.getByLabel("Why").fill("The old key was in a chat");
  await dora.look("approval-ask");
  await ask.getByRole("button", { name: "Ask" }).click();
  await page.getByText("You asked for this. Another person decides it.").waitFor();
  expect(await page.getByRole("button", { name: /^Approve/ }).count()).toBe(0);

  // Why she may not, in her own words.
  await page.getByRole("link", { name: "Who may" }).click();
  await page.getByText("Ask, and the reasons stand here").waitFor();
  await page.getByRole("button", { name: /^What|What$/ }).click();
  await page.getByRole("option", { name: /^Rotate/ }).click();
  await page.getByLabel("Secret's name").fill("OPENAI_API_KEY");
  await page.getByRole("button", { name: "Explain" }).click();
  await page.getByText("This takes two people").waitFor();
  await dora.look("access-refused");

  // It waits in Olga's inbox, and in no inbox of Dora's, with what else waits.
  const { id } = await tenant.caller.secrets.create({
    environment: "staging",
    name: "SMTP_PASSWORD",
    value: "not real",
  });
  await tenant.caller.rotation.setPolicy({ id, schedule: null, expiresAt: inDays(3) });
  // What is write-only offers its value to no person.
  await tenant.caller.secrets.setAccessPolicy({ id, policy: { writeOnly: true } });
  await olga.page.goto(`/t/veridian/default/staging/s/${id}`);
  const drawer = olga.page.getByRole("dialog", { name: "SMTP_PASSWORD" });
  await drawer.getByText("Write-only: no person reveals its values").waitFor();
  expect(await drawer.getByRole("button", { name: "Reveal SMTP_PASSWORD" }).count()).toBe(0);
  await olga.look("secret-write-only", ["360"]);
  await tenant.caller.tokens.create({ name: "old-worker", preset: "reader", expiresInSeconds: 5 * 86_400 });
  await dora.page.goto("/t/veridian/inbox");
  await dora.page.getByRole("list", { name: "Rotations that need a person" }).waitFor();
  expect(await dora.page.getByText("The old key was in a chat").count()).toBe(0);
  await olga.page.goto("/t/veridian/inbox");
  await olga.page.getByText("Dora asks: The old key was in a chat").waitFor();
  await olga.page.getByRole("list", { name: "Tokens that end" }).getByText("old-worker").waitFor();
  await olga.page
    .getByRole("list", { name: "Rotations that need a person" })
    .getByText("SMTP_PASSWORD")
    .waitFor();
  await olga.page
    .getByRole("list", { name: "Refused, and broken glass" })
    .getByText("secret.rotated")
    .waitFor();
  await olga.look("inbox");
  await olga.page.getByRole("link", { name: "To the approvals" }).click();
  await page.goto("/t/veridian/access");
  await page.getByRole("button", { name: /^What|What$/ }).click();
  await page.getByRole("option", { name: /^Rotate/ }).click();
  await page.getByLabel("Secret's name").fill("OPENAI_API_KEY");

  // Olga approves, with a word to it.
  await olga.page.reload();
  await olga.page.getByText("The old key was in a chat").waitFor();
  await olga.look("approvals");
  await olga.page.getByRole("button", { name: "Approve: Change OPENAI_API_KEY" }).click();
  const yes = olga.page.getByRole("dialog", { name: "Approve this?" });
  await yes.getByLabel("What you say to it").fill("Go ahead");
  await olga.look("approval-decide", ["360"]);
  await yes.getByRole("button", { name: "Approve" }).click();
  await olga.page.getByText("Nothing waits").waitFor();
  await olga.page.getByRole("button", { name: /Show/ }).click();
  await olga.page.getByRole("option", { name: "All of them" }).click();
  await olga.page.getByText(": Go ahead").waitFor();
  await olga.look("approvals-all");

  await page.getByRole("button", { name: "Explain" }).click();
  await page.getByText("Another person has approved this").waitFor();
  await page.getByText("Allowed", { exact: true }).waitFor();

  // An owner goes on without a second person: in place, and everybody is told.
  await olga.page.goto("/t/veridian/default/dev");
  await olga.page.getByRole("button", { name: "More for SESSION_SIGNING_KEY" }).click();
  await olga.page.getByRole("menuitem", { name: "Rotate" }).click();
  const alone = olga.page.getByRole("dialog", { name: "Rotate SESSION_SIGNING_KEY" });
  await alone.getByLabel("New value").fill("sk_test_not_a_real_key_in_need");
  await alone.getByRole("button", { name: "Rotate", exact: true }).click();
  await alone.getByRole("button", { name: "Break the glass" }).click();
  const glass = olga.page.getByRole("alertdialog", { name: "Go on without a second person?" });
  await glass.getByText("SESSION_SIGNING_KEY").waitFor();
  expect(await glass.getByRole("button", { name: "Break the glass" }).isDisabled()).toBe(true);
  await glass.getByLabel("Why").fill("It leaked, and nobody else is awake");
  await olga.look("break-glass");
  await glass.getByRole("button", { name: "Break the glass" }).click();
  await alone.getByText("send it again").waitFor();
  await alone.getByRole("button", { name: "Rotate", exact: true }).click();
  await olga.page.getByText("SESSION_SIGNING_KEY is at version 2").waitFor();
  const broken = await tenant.caller.audit.list({ action: "secret.glass_broken" });
  expect(broken.events.map(({ reason }) => reason)).toEqual(["It leaked, and nobody else is awake"]);
  await olga.page.keyboard.press("Control+k");
  await olga.page.getByRole("combobox", { name: "Go to or do" }).fill("break glass");
  await olga.page.keyboard.press("Enter");
  await glass.getByLabel("Secret's name").waitFor();
  await glass.getByRole("button", { name: "Cancel" }).click();

  // Of another, to who may read members.
  await olga.page.getByRole("link", { name: "Members" }).click();
  await olga.page.getByRole("button", { name: "More for Dora" }).click();
  await olga.page.getByRole("menuitem", { name: "What they may do" }).click();
  await olga.page.waitForURL("**/access?person=*");
  await olga.page.getByLabel("Secret's name").fill("DATABASE_URL");
  await olga.page.getByRole("button", { name: "Explain" }).click();
  await olga.page.getByText("This takes one person").waitFor();
  await olga.look("access-allowed");
  expect(await page.getByRole("link", { name: "Members" }).count()).toBe(0);
  await page.goto("/t/veridian/members");
  await page.getByText("You may not see this").waitFor();
  await page.getByText("Your role here does not allow this page").waitFor();

  // Where reading takes two as well, a refused reveal leads to who may be asked.
  const { environments } = await tenant.caller.environments.list({});
  const dev = environments.find((one) => one.name === "dev" && one.protection !== null)!;
  await tenant.caller.environments.protect({ environment: dev.id, protection: "all" });
  await olga.page.getByRole("link", { name: "Secrets" }).click();
  await olga.page.getByRole("button", { name: "Reveal DATABASE_URL" }).click();
  await olga.page
    .getByRole("region", { name: "Notifications" })
    .getByRole("link", { name: "Ask for an approval" })
    .click();
  await olga.page
    .getByRole("dialog", { name: "Ask for an approval" })
    .getByRole("button", { name: "Cancel" })
    .click();
  expect([...olga.complaints, ...dora.complaints]).toEqual([]);
  await olga.leave();
  await dora.leave();
});

/** Four eyes for what changes in dev, as its owner. */
async function protect({ page, look }: Visitor, tenant: string): Promise<void> {
  await page.goto(`/t/${tenant}/settings`);
  await page.getByRole("button", { name: "More for default / dev" }).click();
  await page.getByRole("menuitem", { name: "Protect" }).click();
  const form = page.getByRole("dialog", { name: "Protect dev" });
  await form.getByRole("button", { name: /What takes two people/ }).click();
  await page.getByRole("option", { name: /^Changes(?! and)/ }).click();
  await page.getByRole("listbox").waitFor({ state: "detached" });
  await look("settings-protect", ["360"]);
  await form.getByRole("button", { name: "Save" }).click();
  const dev = page.getByRole("list", { name: "Environments of default" }).getByRole("listitem").first();
  await dev.getByText("Changes take two").waitFor();
  // Less than that takes two itself.
  await page.getByRole("button", { name: "More for default / dev" }).click();
  await page.getByRole("menuitem", { name: "Protect" }).click();
  await form.getByRole("button", { name: /What takes two people/ }).click();
  await page.getByRole("option", { name: "Nothing" }).click();
  await form.getByRole("button", { name: "Save" }).click();
  await form.getByRole("link", { name: "Ask for an approval" }).waitFor();
  await form.getByRole("button", { name: "Cancel" }).click();
}

test("a secret that asks for a second factor is rotated in place: what was typed stays, and is sent once it is proved", async () => {
  const tenant = await scene.furnish("globodyne");
  const olga = await joins(tenant, "Olga", "owner");
  const { page, look, complaints } = olga;
  const { people } = scene.served.house.server;
  const { secrets } = await tenant.caller.secrets.list({});
  const { id } = secrets.find(({ name }) => name === "OPENAI_API_KEY")!;
  await tenant.caller.secrets.setAccessPolicy({ id, policy: { mfa: true } });
  const rotate = page.getByRole("dialog", { name: "Rotate OPENAI_API_KEY" });
  const open = async () => {
    await page.goto("/t/globodyne/default/dev");
    await page.getByRole("button", { name: "More for OPENAI_API_KEY" }).click();
    await page.getByRole("menuitem", { name: "Rotate" }).click();
    await rotate.getByLabel("New value").fill("sk_test_not_a_real_key_proved");
    await rotate.getByRole("button", { name: "Rotate", exact: true }).click();
  };
  const prove = page.getByRole("dialog", { name: "Prove it is you" });
  await open();
  await prove.getByText("you have none yet").waitFor();
  await look("step-up-none", ["1280"]);
  await prove.getByRole("button", { name: "Cancel" }).click();
  await rotate.getByText("second factor").waitFor();

  const { secret: key } = await people.beginTotp(requestInfo({ session: olga.session }), {
    current: PASSWORD,
  });
  const code = (at: number) => new TOTP({ secret: Secret.fromBase32(key) }).generate({ timestamp: at });
  const { started } = await people.confirmTotp(requestInfo({ session: olga.session }), {
    code: code(Date.now()),
  });
  await bring(olga, started.secret);
  try {
    await scene.served.house.moveClock("6 minutes");
    await open();
    await prove.getByLabel("Code of your app, or a recovery code").waitFor();
    await look("step-up", ["360"]);
    await prove.getByLabel("Code of your app, or a recovery code").fill("000000");
    await prove.getByRole("button", { name: "Prove" }).click();
    await prove.getByText("This code was not accepted").waitFor();
    await prove.getByLabel("Code of your app, or a recovery code").fill(code(Date.now() + 360_000));
    await prove.getByRole("button", { name: "Prove" }).click();
    await page.getByText("OPENAI_API_KEY is at version 2").waitFor();
  } finally {
    await scene.served.house.moveClock("0");
  }
  expect(complaints).toEqual([]);
  await olga.leave();
});

test("a rule of federation is made for a repository's jobs, and ended", async () => {
  const tenant = await scene.furnish("massive");
  const visitor = await scene.visitor();
  const { page, look, complaints } = visitor;
  await visitor.signIn(tenant.token);
  await page.getByRole("rowheader", { name: "DATABASE_URL" }).waitFor();
  await page.getByRole("link", { name: "Federation" }).click();
  await page.getByText("No rules yet").waitFor();
  await look("federation-empty", ["360"]);
  await page.getByRole("button", { name: "New rule" }).click();
  const form = page.getByRole("dialog", { name: "New rule" });
  await form.getByLabel("Name", { exact: true }).fill("deploys");
  await form.getByLabel("Must be").fill("repo:*");
  await form.getByRole("button", { name: "Make the rule" }).click();
  await form.getByRole("alert").waitFor();
  await look("federation-refused", ["1280"]);
  await form.getByLabel("Must be").fill("repo:acme/shop:ref:refs/heads/main");
  await form.getByRole("button", { name: /Where/ }).click();
  await page.getByRole("option", { name: "default / prod" }).click();
  await page.getByRole("listbox").waitFor({ state: "detached" });
  await look("federation-create", ["360"]);
  await form.getByRole("button", { name: "Make the rule" }).click();
  await page.getByText("deploys made").waitFor();
  await page.getByText("repo:acme/shop:ref:refs/heads/main").waitFor();
  await look("federation");
  await page.getByRole("button", { name: "End deploys" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "End" }).click();
  await page.getByText("No rules yet").waitFor();
  expect((await tenant.caller.federation.list({})).rules).toEqual([]);
  expect(complaints).toEqual([]);
  await visitor.leave();
});
