import { expect, test } from "vitest";
import { setScene } from "./scene.ts";

const scene = setScene();
/** A tenant whose environments differ in all the ways that they can. */
async function prepare(slug: string) {
  const tenant = await scene.furnish(slug);
  const { secrets, rotation, versions, consumers } = tenant.caller;
  const copy = async (environment: string, values: Record<string, string>) => {
    for (const [name, value] of Object.entries(values)) await secrets.set({ name, value, environment });
  };
  await copy("staging", {
    OPENAI_API_KEY: "not a real value of OPENAI_API_KEY",
    "payments/STRIPE_SECRET_KEY": "sk_test_not_a_real_key",
    SESSION_SIGNING_KEY: "not a real value of SESSION_SIGNING_KEY",
  });
  await copy("prod", {
    OPENAI_API_KEY: "not a real value of OPENAI_API_KEY",
    "payments/STRIPE_SECRET_KEY": "sk_live_not_a_real_key",
    DATABASE_URL: "postgres://fake:fake@prod.invalid/app",
  });
  const { id } = await secrets.update({ name: "payments/STRIPE_SECRET_KEY", tags: { owner: "payments" } });
  await rotation.setPolicy({ id, expiresAt: new Date(Date.now() + 9 * 86_400_000).toISOString() });
  await consumers.declare({ id, consumer: "billing", kind: "service" });
  const closed = await secrets.get({ name: "SESSION_SIGNING_KEY" });
  await secrets.setAccessPolicy({ id: closed.id, policy: { services: ["checkout"] } });
  const empty = await secrets.set({ name: "OLD_KEY", value: "not real" });
  await versions.revoke({ id: empty.secret.id, version: 1, reason: "leaked" });
  return tenant;
}

test("the overview shows where each key is set, missing or differs, each by a sign and not by colour alone; filters stand in the address", async () => {
  const acme = await prepare("acme");
  const visitor = await scene.visitor();
  const { page, look, complaints } = visitor;
  await visitor.signIn(acme.token, "/t/acme/overview");
  const table = page.getByRole("table", { name: "Keys by environment" });
  const row = (name: string) =>
    table.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });
  await row("OPENAI_API_KEY").getByRole("link", { name: "prod: set, v1" }).waitFor();
  await row("payments/STRIPE_SECRET_KEY")
    .getByRole("link", { name: /^dev: set, v1, differs: value A, value ends soon/ })
    .waitFor();
  await row("payments/STRIPE_SECRET_KEY")
    .getByRole("link", { name: /^prod: set, v1, differs: value C/ })
    .waitFor();
  await row("DATABASE_URL").getByText("missing").waitFor();
  await row("OLD_KEY").getByRole("link", { name: "dev: empty" }).waitFor();
  await row("SESSION_SIGNING_KEY").getByRole("link", { name: "dev: set, not readable to you, v1" }).waitFor();
  await look("overview");

  await page.getByRole("button", { name: /Show/ }).click();
  await page.getByRole("option", { name: "Differs" }).click();
  await page.getByText("2 of 8 keys").waitFor();
  expect(new URL(page.url()).searchParams.get("show")).toBe("differs");

  // These filters under a name: there after a reload, set by one press and left by another.
  await page.getByRole("button", { name: "Save this view" }).click();
  const naming = page.getByRole("dialog", { name: "Save this view" });
  await naming.getByLabel("Name").fill("What differs");
  await look("overview-save-view", ["360"]);
  await naming.getByRole("button", { name: "Save" }).click();
  const saved = page.getByRole("button", { name: "What differs", exact: true });
  await naming.waitFor({ state: "detached" });
  expect(await saved.getAttribute("aria-pressed")).toBe("true");
  await look("overview-views");
  await saved.click();
  await page.getByText("8 keys", { exact: true }).waitFor();
  await page.reload();
  await saved.click();
  await page.getByText("2 of 8 keys").waitFor();
  // Filters alone, for this person in this tenant.
  const kept = await page.evaluate(() => Object.entries(localStorage));
  expect(kept).toEqual([
    [
      expect.stringMatching(/^keyfold\.views\.acme\.[0-9a-f-]{36}$/),
      JSON.stringify([{ name: "What differs", view: { project: "default", show: "differs" } }]),
    ],
  ]);
  await page.getByRole("button", { name: "Remove the view What differs" }).click();
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
  await page.getByRole("button", { name: /Compare/ }).click();
  await page.getByRole("option", { name: "staging and prod" }).click();
  await page.getByText("1 of 8 keys").waitFor();
  await page.reload();
  await page.getByText("1 of 8 keys").waitFor();
  expect(await table.getByRole("columnheader").allTextContents()).toEqual(["Key", "staging", "prod"]);
  await look("overview-compare", ["1280"]);
  await page.getByRole("searchbox").fill("zzz");
  await page.getByText("Nothing fits").waitFor();
  expect(page.url()).not.toContain("zzz");
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByText("8 keys", { exact: true }).waitFor();
  await page.getByRole("button", { name: /Read by/ }).click();
  await page.getByRole("option", { name: "billing" }).click();
  await page.getByText("1 of 8 keys").waitFor();
  expect(new URL(page.url()).searchParams.get("consumer")).toBe("billing");
  await page.getByRole("button", { name: /Read by/ }).click();
  await page.getByRole("option", { name: "All consumers" }).click();
  await page.getByRole("button", { name: /Folder/ }).click();
  await page.getByRole("option", { name: "email" }).click();
  await page.getByText("2 of 8 keys").waitFor();
  await page.getByRole("button", { name: /Folder/ }).click();
  await page.getByRole("option", { name: "All folders" }).click();
  await page.getByRole("button", { name: /Tag/ }).click();
  await page.getByRole("option", { name: "owner: payments" }).click();
  await page.getByText("1 of 8 keys").waitFor();
  expect(new URL(page.url()).searchParams.get("tag")).toBe("owner: payments");
  await page.getByRole("button", { name: /Tag/ }).click();
  await page.getByRole("option", { name: "All tags" }).click();

  await row("DATABASE_URL").getByRole("link", { name: /^prod/ }).click();
  await page.waitForURL(/\/t\/acme\/default\/prod\/s\//);
  await page.getByRole("dialog", { name: "DATABASE_URL" }).waitFor();
  expect(complaints).toEqual([]);
  await visitor.leave();
});

test("several keys are promoted after a preview of what that does to each; what somebody changed meanwhile is not overwritten", async () => {
  const globex = await prepare("globex");
  const visitor = await scene.visitor();
  const { page, look, complaints } = visitor;
  await visitor.signIn(globex.token, "/t/globex/overview?a=staging&b=prod");
  for (const name of ["OPENAI_API_KEY", "payments/STRIPE_SECRET_KEY", "SESSION_SIGNING_KEY", "DATABASE_URL"])
    await page.getByRole("checkbox", { name: `Select ${name}` }).check();
  await page.getByRole("status").getByText("4 selected").waitFor();
  await page.getByRole("button", { name: "Promote" }).click();
  const dialog = page.getByRole("dialog", { name: "Promote to another environment" });
  const item = (name: string) => dialog.getByRole("listitem").filter({ hasText: name });
  await item("OPENAI_API_KEY").getByText("is the same already").waitFor();
  await item("payments/STRIPE_SECRET_KEY").getByText("replaces v1").waitFor();
  await item("SESSION_SIGNING_KEY").getByText("is created").waitFor();
  await item("DATABASE_URL").getByText("is not set where it comes from").waitFor();
  await dialog.getByLabel("Why").fill("Release 42");
  await look("overview-promote", ["360", "1280"]);

  const { secrets } = globex.caller;
  await secrets.rotate({
    name: "payments/STRIPE_SECRET_KEY",
    environment: "prod",
    value: "sk_live_not_real_2",
  });
  await dialog.getByRole("button", { name: "Promote 2 keys" }).click();
  await dialog.getByText("Somebody changed one of them meanwhile").waitFor();
  await look("overview-overtaken", ["1280"]);
  expect(await secrets.reveal({ name: "SESSION_SIGNING_KEY", environment: "prod" }).catch(() => null)).toBe(
    null,
  );
  await dialog.getByRole("button", { name: "Look again" }).click();
  await item("payments/STRIPE_SECRET_KEY").getByText("replaces v2").waitFor();
  await dialog.getByRole("button", { name: "Promote 2 keys" }).click();
  await page.getByText("2 keys promoted to prod").waitFor();
  const made = await secrets.reveal({ name: "payments/STRIPE_SECRET_KEY", environment: "prod" });
  expect([made.version, made.value]).toEqual([3, "sk_test_not_a_real_key"]);
  expect(visitor.addresses.join("\n")).not.toContain("not_a_real_key");
  expect(await page.content()).not.toContain("not_a_real_key");
  expect(complaints).toEqual([]);
  await visitor.leave();
});

test("ten thousand keys: fewer than a hundred rows are in the page at any time, and the last one is found", async () => {
  const { id, token } = await scene.served.house.tenant("huge");
  // Ten thousand names without ten thousand seals: an answer as the server gives it, page by page.
  const visitor = await scene.visitor();
  const { page, complaints } = visitor;
  const envs = ["dev", "staging", "prod"].map((name, i) => ({ id: id.slice(0, -1) + i, name }));
  await page.route(/secrets\.matrix/, async (route) => {
    const at = Number(/page-(\d+)/.exec(decodeURIComponent(route.request().url()))?.[1] ?? 0);
    const from = at * 1000;
    const cell = { id, state: "live", version: 1, rotatedAt: null, trouble: null, readable: true, same: 0 };
    const json = {
      project: { id, name: "default" },
      environments: envs,
      rows: Array.from({ length: 1000 }, (_, i) => ({
        name: `KEY_${String(from + i).padStart(5, "0")}`,
        tags: [],
        consumers: [],
        cells: [cell, i % 7 === 0 ? null : cell, { ...cell, same: i % 5 === 0 ? 1 : 0 }],
      })),
      nextCursor: from < 9000 ? `page-${at + 1}` : null,
    };
    await route.fulfill({ json: [{ result: { data: { json } } }] });
  });
  await visitor.signIn(token, "/t/huge/overview");
  await page.getByText("10,000 keys", { exact: true }).waitFor();
  const rows = page.getByRole("rowheader");
  const scroller = page.getByRole("table", { name: "Keys by environment" }).locator("..");
  for (const share of [0, 0.33, 0.5, 1]) {
    await scroller.evaluate((box, part) => box.scrollTo(0, box.scrollHeight * part), share);
    const wanted = `KEY_${String(Math.min(9999, Math.round(10_000 * share))).padStart(5, "0")}`;
    await page.getByRole("rowheader", { name: wanted }).waitFor();
    expect(await rows.count()).toBeLessThan(100);
  }
  await page.getByRole("searchbox").fill("key_0777");
  await page.getByText("10 of 10,000 keys").waitFor();
  expect(complaints).toEqual([]);
  await visitor.leave();
});
