import type { Caller } from "@keyfold/secrets/testing";
import { expect, test } from "vitest";
import { hold } from "./hold.ts";
import { setScene } from "./scene.ts";

const scene = setScene();

/** Workloads that read a secret: tokens of a name and a kind, each of which acknowledges. */
async function workloads(caller: Caller, id: string) {
  const kinds = { checkout: "edge_function", billing: "worker", mailer: "service" } as const;
  const readers = await Promise.all(
    Object.entries(kinds).map(async ([name, kind]) => {
      const { token } = await caller.tokens.create({
        name,
        preset: "reader",
        consumerName: name,
        consumerKind: kind,
      });
      return [name, scene.served.house.as(token)] as const;
    }),
  );
  const { house } = scene.served;
  const by = Object.fromEntries(readers) as Record<keyof typeof kinds, Caller>;
  for (const one of Object.values(by)) {
    await one.secrets.reveal({ id });
    await one.consumers.ack({ id, version: 1 });
  }
  await caller.consumers.declare({ id, consumer: "nightly-export", kind: "ci" });
  await house.server.flush();
  return by;
}

test("a rotation shows first whom it touches, then who has moved, live; its grace is extended, ended early, and nothing is taken from under a consumer unsaid", async () => {
  const { token, caller } = await scene.furnish("acme");
  const { id } = await caller.secrets.get({ name: "payments/STRIPE_SECRET_KEY" });
  const by = await workloads(caller, id);
  const visitor = await scene.visitor();
  const { page, look, complaints } = visitor;
  await visitor.signIn(token, `/t/acme/default/dev/s/${id}`);
  const drawer = page.getByRole("dialog", { name: "payments/STRIPE_SECRET_KEY" });
  const readers = drawer.getByRole("list", { name: "Consumers of payments/STRIPE_SECRET_KEY" });
  await readers.getByText("checkout").waitFor();
  expect(await readers.getByRole("listitem").count()).toBe(4);
  // One more is declared, and forgotten.
  await drawer.getByRole("button", { name: "Declare" }).click();
  const declare = page.getByRole("dialog", { name: "Declare a consumer of payments/STRIPE_SECRET_KEY" });
  await declare.getByLabel("Its name").fill("invoices");
  // In the list at once; where the call does not arrive, out of it again, and the form is back.
  const held = await hold(page, /consumers\.declare/);
  await declare.getByRole("button", { name: "Declare" }).click();
  await readers.getByText("invoices").waitFor();
  await held.fail();
  await declare.getByText("Keyfold cannot be reached").waitFor();
  await page.getByText("invoices", { exact: true }).waitFor({ state: "detached" });
  await declare.getByRole("button", { name: "Declare" }).click();
  await page.getByText("invoices is declared").waitFor();
  await readers.getByText("invoices").waitFor();
  await drawer.getByRole("button", { name: "Forget invoices" }).click();
  await page
    .getByRole("alertdialog", { name: "Forget invoices?" })
    .getByRole("button", { name: "Forget" })
    .click();
  await readers.getByText("invoices").waitFor({ state: "detached" });
  await page.getByRole("alertdialog").waitFor({ state: "detached" });
  await drawer.getByText("3 on v1").waitFor();
  await look("life-consumers");

  // Rotate: the blast radius first.
  await drawer.getByRole("button", { name: "Rotate", exact: true }).click();
  const rotate = page.getByRole("dialog", { name: "Rotate payments/STRIPE_SECRET_KEY" });
  const touched = rotate.getByRole("region", { name: "Whom this touches" });
  await touched.getByText("billing").waitFor();
  await touched.getByText("1 never seen").waitFor();
  await look("life-rotate", ["360"]);
  await rotate.getByLabel("New value").fill("sk_test_not_a_real_key_2");
  await rotate.getByLabel("Why").fill("Quarterly rotation");
  await rotate.getByRole("button", { name: "Rotate", exact: true }).click();

  // Who has moved, as they do.
  const moving = page.getByRole("dialog", { name: "Version 2 is current" });
  const bar = moving.getByRole("progressbar", { name: "Consumers that have moved" });
  await moving.getByText("0 of 3 running consumers have moved").waitFor();
  await by.checkout.consumers.ack({ id, version: 2 });
  await page.clock.fastForward(5_000);
  await moving.getByText("1 of 3 running consumers has moved").waitFor();
  expect(await bar.getAttribute("aria-valuenow")).toBe("1");
  await moving.getByText(/The old version opens for 23 h 5\d min more/).waitFor();
  await look("life-moving", ["1280"]);
  for (const one of [by.billing, by.mailer]) await one.consumers.ack({ id, version: 2 });
  await page.clock.fastForward(5_000);
  await moving.getByText("All 3 consumers have moved").waitFor();
  await moving.getByRole("button", { name: "Done" }).click();

  // The grace: counted down, extended with a reason.
  const versions = drawer
    .getByRole("list", { name: "Versions of payments/STRIPE_SECRET_KEY" })
    .getByRole("listitem");
  await versions
    .nth(1)
    .getByText(/Stops opening in 23 h/)
    .waitFor();
  await versions.nth(1).getByRole("button", { name: "More for version 1" }).click();
  await page.getByRole("menuitem", { name: "Extend grace" }).click();
  const extend = page.getByRole("dialog", { name: "Let version 1 open for longer" });
  expect(await extend.getByRole("button", { name: "Extend grace" }).isDisabled()).toBe(true);
  await extend.getByLabel("Why").fill("The nightly export runs on Sunday");
  await look("life-extend", ["1280"]);
  await extend.getByRole("button", { name: "Extend grace" }).click();
  await versions
    .nth(1)
    .getByText(/Stops opening in 2 d 23 h/)
    .waitFor();

  // One went back to the old version: ending its grace wants a tick and a reason.
  await by.billing.consumers.ack({ id, version: 1 });
  await drawer.getByRole("button", { name: "Look again" }).click();
  await drawer.getByText("1 on an older version").waitFor();
  await drawer.getByRole("figure", { name: "Versions in use" }).getByText("v2: 2 consumers").waitFor();
  await look("life-behind", ["360"]);
  await versions.nth(1).getByRole("button", { name: "More for version 1" }).click();
  await page.getByRole("menuitem", { name: "End grace now" }).click();
  const end = page.getByRole("alertdialog", { name: "End the grace of version 1" });
  await end.getByText("One consumer still uses it").waitFor();
  await end.getByLabel("Why").fill("The old key leaked");
  expect(await end.getByRole("button", { name: "End grace now" }).isDisabled()).toBe(true);
  await end.getByRole("checkbox", { name: /Do it all the same/ }).check();
  await look("life-end", ["1280"]);
  await end.getByRole("button", { name: "End grace now" }).click();
  await versions.nth(1).getByText("Destroyed").waitFor();
  await versions.nth(1).getByText("Ended: The old key leaked").waitFor();

  // Deleting from under consumers: with the name, the tick and a reason.
  await drawer.getByRole("button", { name: "Delete this secret" }).click();
  const remove = page.getByRole("alertdialog", { name: "Delete payments/STRIPE_SECRET_KEY" });
  await remove.getByText("3 consumers still use it").waitFor();
  await remove.getByLabel("Type the name").fill("payments/STRIPE_SECRET_KEY");
  const button = remove.getByRole("button", { name: "Delete secret" });
  expect(await button.isDisabled()).toBe(true);
  await remove.getByRole("checkbox", { name: /Do it all the same/ }).check();
  expect(await button.isDisabled()).toBe(true);
  await remove.getByLabel("Why").fill("The product is gone");
  await look("life-delete", ["360"]);
  await button.click();
  await page.getByText("payments/STRIPE_SECRET_KEY deleted").waitFor();
  expect(complaints).toEqual([]);
  await visitor.leave();
});

test("what the server alone knows to be in use is refused in words, and can then be insisted on", async () => {
  const { token, caller } = await scene.furnish("initech");
  const { id } = await caller.secrets.get({ name: "OPENAI_API_KEY" });
  const visitor = await scene.visitor();
  const { page, look } = visitor;
  await visitor.signIn(token, `/t/initech/default/dev/s/${id}`);
  await page.getByRole("button", { name: "More for version 1" }).click();
  await page.getByRole("menuitem", { name: "Revoke" }).click();
  const revoke = page.getByRole("alertdialog", { name: "Revoke version 1" });
  await revoke.getByText("No consumer is known").waitFor();
  await revoke.getByLabel("Why").fill("It leaked");
  await workloads(caller, id);
  await revoke.getByRole("button", { name: "Revoke" }).click();
  await revoke.getByText("3 consumers still use version 1").waitFor();
  await revoke.getByText("Wait until they have moved; or tick the box and say why.").waitFor();
  await look("life-in-use", ["1280"]);
  await revoke.getByRole("checkbox", { name: /Do it all the same/ }).check();
  await revoke.getByRole("button", { name: "Revoke" }).click();
  await page.getByText("Version 1 revoked", { exact: true }).waitFor();
  await page.getByText("Its current version was revoked or destroyed").waitFor();
  expect((await caller.secrets.get({ id })).state).toBe("empty");

  // Destroyed: only with the version typed out.
  await page.getByRole("button", { name: "More for version 1" }).click();
  await page.getByRole("menuitem", { name: "Destroy" }).click();
  const destroy = page.getByRole("alertdialog", { name: "Destroy version 1" });
  const button = destroy.getByRole("button", { name: "Destroy" });
  await destroy.getByText("3 consumers still use it").waitFor();
  await destroy.getByRole("checkbox", { name: /Do it all the same/ }).check();
  await destroy.getByLabel("Why").fill("Nobody shall open it again");
  for (const typed of ["", "1", "v2"]) {
    await destroy.getByLabel("Type v1 to confirm").fill(typed);
    expect(await button.isDisabled()).toBe(true);
  }
  await destroy.getByLabel("Type v1 to confirm").fill("v1");
  await look("life-destroy", ["1280"]);
  await button.click();
  await page.getByText("Version 1 destroyed", { exact: true }).waitFor();
  await visitor.leave();
});

test("a rotation policy: schedule, cron with zone and window, rotator and expiry; it rotates by itself when told to", async () => {
  const { token, caller } = await scene.furnish("hooli");
  const { id } = await caller.secrets.get({ name: "SESSION_SIGNING_KEY" });
  const visitor = await scene.visitor();
  const { page, look, complaints } = visitor;
  await visitor.signIn(token, `/t/hooli/default/dev/s/${id}`);
  await page.getByText("Nobody is reminded of it").waitFor();
  await page.getByRole("button", { name: "Set a policy" }).click();
  const form = page.getByRole("dialog", { name: "Rotation of SESSION_SIGNING_KEY" });
  await form.getByRole("button", { name: /When/ }).click();
  await page.getByRole("option", { name: "By a cron expression" }).click();
  await form.getByRole("textbox", { name: "Cron expression" }).fill("0 0 31 2 *");
  await form.getByRole("button", { name: "Save policy" }).click();
  await form.getByText("this expression never fires").waitFor();
  await form.getByRole("textbox", { name: "Cron expression" }).fill("0 3 1 * *");
  await form.getByRole("checkbox", { name: "Begin only within a window" }).check();
  await form.getByRole("checkbox", { name: "Sun" }).check();
  await form.getByRole("button", { name: /New values come from/ }).click();
  await page.getByRole("option", { name: /API key/ }).waitFor();
  await look("life-rotators", ["1280"]);
  await page.getByRole("option", { name: /API key/ }).click();
  await form.getByRole("textbox", { name: "Prefix" }).fill("sess_");
  await form.getByRole("textbox", { name: "Bytes" }).fill("8");
  await form.getByRole("textbox", { name: "Owner" }).fill("platform@hooli.example");
  await form.getByRole("button", { name: "Save policy" }).click();
  await form.getByText("rotator.config.bytes").waitFor();
  await form.getByRole("textbox", { name: "Bytes" }).fill("48");
  await look("life-policy-form", ["360"]);
  await form.getByRole("button", { name: "Save policy" }).click();
  await page.getByText("Rotation policy of SESSION_SIGNING_KEY saved").waitFor();
  expect(await caller.rotation.getPolicy({ id })).toMatchObject({
    schedule: { cron: "0 3 1 * *", window: { from: "02:00", to: "05:00", days: ["sun"] } },
    rotator: { kind: "api-key", config: { bytes: 48, prefix: "sess_" } },
  });
  await page.getByText("02:00 to 05:00 on Sun").waitFor();
  await page.getByRole("button", { name: "Rotate by itself now" }).click();
  await page.getByText("Rotation started").waitFor();
  await page
    .getByRole("list", { name: /Versions of/ })
    .getByText("v2", { exact: true })
    .waitFor();
  await look("life-policy");
  expect((await caller.secrets.reveal({ id })).value).toMatch(/^sess_/);

  await page.getByRole("button", { name: "Remove policy" }).click();
  await page
    .getByRole("alertdialog", { name: "Remove the rotation policy of SESSION_SIGNING_KEY" })
    .getByRole("button", { name: "Remove policy" })
    .click();
  await page.getByText("Nobody is reminded of it").waitFor();
  expect(complaints).toEqual([]);
  await visitor.leave();
});
