import { localRotators, type Rotator, RotatorError } from "@keyfold/rotators";
import { expect, test } from "vitest";
import { setScene } from "./scene.ts";
import { traces } from "./visitor.ts";

const [local] = localRotators;
/** A rotator whose target never takes what it makes. */
const refused: Rotator = {
  ...local!,
  kind: "acme-mail",
  title: "Acme Mail: the key of an account",
  test: () => Promise.reject(new RotatorError("test_failed", "535")),
};
/** One that sets what it makes at a target, step by step. */
const stepwise: Rotator = {
  ...local!,
  kind: "acme-sms",
  title: "Acme SMS: the key of an account",
  hasTarget: true,
};
const scene = setScene({ house: { rotators: [...localRotators, refused, stepwise] } });
const DAY = 86_400_000;

test("webhooks: an endpoint is made with a filter, its signing secret shown once; deliveries are watched, and what was given up is sent again", async () => {
  const { token, caller } = await scene.furnish("acme");
  const { house } = scene.served;
  const dispatcher = house.server.dispatchWebhooks({ pollMs: 20 })!;
  const visitor = await scene.visitor();
  const { page, look, complaints } = visitor;
  await visitor.signIn(token);
  await page.waitForURL("**/default/dev");
  await page.getByRole("link", { name: "Webhooks" }).click();
  await page.getByText("No endpoints yet").waitFor();
  await look("webhooks-none", ["360"]);

  await page.getByRole("button", { name: "New endpoint" }).first().click();
  const form = page.getByRole("dialog", { name: "New endpoint" });
  await form.getByLabel("Address").fill("http://hooks.acme.example/keyfold");
  await form.getByLabel("Description").fill("Deploys on rotation");
  await form.getByRole("checkbox", { name: /All events/ }).uncheck();
  await form.getByRole("checkbox", { name: "Created", exact: true }).check();
  await look("webhook-form");
  await form.getByRole("button", { name: "Create endpoint" }).click();
  await form.getByText("Only https is allowed here.").waitFor();
  await form.getByLabel("Address").fill("https://hooks.acme.example/keyfold");
  await form.getByRole("button", { name: "Create endpoint" }).click();
  const once = page.getByRole("dialog", { name: "Copy the signing secret now" });
  const secret = (await once.locator("pre").textContent())!;
  expect(secret).toMatch(/^whsec_/);
  expect(await traces(page)).not.toContain(secret);
  await look("webhook-secret", ["1280"]);
  await once.getByRole("button", { name: "Done" }).click();
  await once.waitFor({ state: "detached" });
  expect(await page.content()).not.toContain(secret);

  // A test, and what it became.
  const row = page.getByRole("list", { name: "Endpoints" }).getByRole("listitem");
  await row.getByText("4 kinds of events").waitFor();
  await look("webhooks", ["1280"]);
  await row.getByRole("link").click();
  await page.getByRole("button", { name: "Send a test" }).click();
  const log = page.getByRole("list", { name: "Deliveries" }).getByRole("listitem");
  await log.filter({ hasText: "webhook.test" }).getByText("Delivered").waitFor();
  expect(house.transport.posted.length).toBe(1);

  // One that the receiver says is pointless: dead, seen as such, and sent again.
  house.transport.answer(() => 503);
  await caller.secrets.rotate({ name: "DATABASE_URL", value: "postgres://fake:fake@other.invalid/app" });
  await page.getByRole("button", { name: "Look again" }).click();
  const rotated = log.filter({ hasText: "secret.rotated" });
  await rotated.getByText("Waiting").waitFor();
  await rotated.getByText("503").waitFor();
  await house.sql(
    "UPDATE control_plane.webhook_deliveries SET state = 'dead', finished_at = now() WHERE state = 'waiting'",
  );
  await page.getByRole("button", { name: "Look again" }).click();
  await rotated.getByText("Given up").waitFor();
  await rotated.getByRole("button", { expanded: false }).click();
  await rotated.getByText("Attempt 1").waitFor();
  await look("webhook-deliveries");
  await page.getByRole("link", { name: "Inbox" }).click();
  await page
    .getByRole("list", { name: "Webhooks that fail" })
    .getByText("https://hooks.acme.example/keyfold")
    .waitFor();
  await look("inbox-webhooks", ["360"]);
  await page.goBack();
  house.transport.answer(() => 204);
  await page.getByRole("button", { name: "Send all given-up ones again" }).click();
  await page.getByText("1 message is sent again").waitFor();
  await rotated.getByText("Delivered").waitFor();

  // The signing secret is rotated beside the old one; the endpoint is switched off, and deleted.
  await page.getByRole("button", { name: "More for this endpoint" }).click();
  await page.getByRole("menuitem", { name: "Rotate signing secret" }).click();
  await page
    .getByRole("dialog", { name: "Rotate the signing secret" })
    .getByRole("button", { name: "Rotate signing secret" })
    .click();
  expect(await once.locator("pre").textContent()).not.toBe(secret);
  await once.getByRole("button", { name: "Done" }).click();
  await page.getByText(/The old secret signs, too/).waitFor();
  await page.getByRole("button", { name: "More for this endpoint" }).click();
  await page.getByRole("menuitem", { name: "Switch off" }).click();
  await page.getByText("Switched off by hand.").waitFor();
  await page.getByRole("button", { name: "More for this endpoint" }).click();
  await page.getByRole("menuitem", { name: "Delete endpoint" }).click();
  await page
    .getByRole("alertdialog", { name: "Delete this endpoint?" })
    .getByRole("button", { name: "Delete endpoint" })
    .click();
  await page.getByText("No endpoints yet").waitFor();
  expect(scene.served.lines.join("\n")).not.toContain(secret);
  expect(complaints).toEqual([]);
  await visitor.leave();
  await dispatcher.stop();
});

test("the rotation page: what failed, is overdue, due, ends and comes, on a line of days, each a link to its secret", async () => {
  const { token, caller } = await scene.furnish("globex");
  const { house } = scene.served;
  const days = (n: number) => new Date(Date.now() + n * DAY).toISOString();
  const policy = async (name: string, facts: Omit<Parameters<typeof caller.rotation.setPolicy>[0], "id">) => {
    const { id } = await caller.secrets.set({ name, value: "not real" }).then(({ secret }) => secret);
    await caller.rotation.setPolicy({ id, ...facts });
  };
  await policy("payments/STRIPE_SECRET_KEY", {
    schedule: { everyDays: 7 },
    required: true,
    owner: "payments@globex.example",
  });
  await policy("SESSION_SIGNING_KEY", { schedule: { everyDays: 7 }, rotator: { kind: "acme-mail" } });
  await policy("OPENAI_API_KEY", { schedule: { everyDays: 30 }, rotator: { kind: "acme-sms" } });
  await policy("DATABASE_URL", { schedule: { everyDays: 90 }, rotator: { kind: "password" } });
  await policy("TLS_CERTIFICATE", { expiresAt: days(20) });
  await policy("JOBS_KEY", { schedule: { everyDays: 30, timeZone: "Europe/Berlin" } });
  await house.moveClock("50 hours");
  await policy("email/sendgrid/API_KEY", { schedule: { everyDays: 7 } });
  await house.moveClock("9 days");
  // The target refuses what was set, however often it is tried.
  for (let hours = 0; hours < 10; hours++) {
    await house.moveClock(`9 days ${hours} hours`);
    await house.server.jobs.find(({ name }) => name === "rotations.run")!.run();
  }
  await caller.rotation.runNow({ id: (await caller.secrets.get({ name: "OPENAI_API_KEY" })).id });

  const visitor = await scene.visitor();
  const { page, look, complaints } = visitor;
  await page.clock.setSystemTime(new Date(Date.now() + 9.4 * DAY));
  await visitor.signIn(token);
  await page.waitForURL("**/default/dev");
  await page.getByRole("link", { name: "Rotation" }).click();
  const list = (name: string) => page.getByRole("list", { name: `${name} rotations` }).getByRole("listitem");
  await list("Failed").getByText("SESSION_SIGNING_KEY").waitFor();
  await list("Overdue").getByText("asks payments@globex.example").waitFor();
  await list("Due").getByText("email/sendgrid/API_KEY").waitFor();
  await list("Ends soon").getByText("TLS_CERTIFICATE").waitFor();
  await list("Running").getByText("OPENAI_API_KEY").waitFor();
  expect(await list("Coming").count()).toBe(2);
  await look("rotation");
  // The overview says the same of each.
  await page.goto("/t/globex/overview");
  for (const [name, words] of [
    ["SESSION_SIGNING_KEY", "rotation failed"],
    ["payments/STRIPE_SECRET_KEY", "rotation overdue"],
    ["email/sendgrid/API_KEY", "rotation due"],
  ] as const)
    await page
      .getByRole("row")
      .filter({ has: page.getByRole("rowheader", { name, exact: true }) })
      .getByRole("link", { name: new RegExp(`^dev: .*${words}$`) })
      .waitFor();
  await look("overview-trouble", ["1280"]);
  await page.goBack();
  const column = page.getByRole("button", { name: /: 1 secret$/ }).last();
  await column.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("status").getByText("DATABASE_URL").waitFor();

  await list("Failed").getByRole("link").click();
  await page.getByRole("dialog").getByText("Failed", { exact: true }).waitFor();
  await look("rotation-failed", ["360"]);
  await page.getByRole("button", { name: "Try again" }).click();
  const retry = page.getByRole("dialog", { name: "Try this rotation again" });
  await retry.getByLabel("Why").fill("The other process has it");
  await retry.getByRole("button", { name: "Try again" }).click();
  await page.getByText("It is tried again").waitFor();
  expect(complaints).toEqual([]);
  await visitor.leave();
  await house.moveClock("0");

  const quiet = await house.tenant("quiet");
  const other2 = await scene.visitor();
  await other2.signIn(quiet.token, "/t/quiet/rotation");
  await other2.page.getByText("Nothing to rotate").waitFor();
  await other2.leave();
});
