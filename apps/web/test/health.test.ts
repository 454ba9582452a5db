import { describe, expect, test } from "vitest";
import { setScene } from "./scene.ts";

const scene = setScene({
  server: (house) =>
    house.another({ process: { name: "web-1/4021", version: "1.4.0", region: null, runsJobs: true } }),
});

describe("an operator's fleet and health", () => {
  test("the fleet shows who lacks a key that the product needs; the way there stands in the address", async () => {
    const { house } = scene.served;
    for (const slug of ["acme", "globex", "initech"]) {
      const { caller } = await house.tenant(slug);
      if (slug === "globex") continue;
      await caller.secrets.create({ name: "STRIPE_SECRET_KEY", environment: "prod", value: "not real" });
      if (slug === "acme")
        await caller.secrets.create({ name: "SENDGRID_KEY", environment: "prod", value: "not real" });
    }
    const visitor = await scene.visitor();
    const { page, look, complaints } = visitor;
    await visitor.signIn(house.operatorToken);
    await page.getByRole("link", { name: "Fleet" }).click();
    await page.getByText("Name the keys that your product needs").waitFor();
    await look("fleet-empty", ["360"]);
    await page.getByLabel("Keys that every tenant needs").fill("STRIPE_SECRET_KEY, SENDGRID_KEY");
    await page.getByRole("button", { name: "Look", exact: true }).click();
    // The tenants of the other test of this file may be among them.
    const lacking = page.getByText(/^\d tenants lack a key$/);
    await lacking.waitFor();
    const rows = page.getByRole("list", { name: "Tenants that lack a key" }).getByRole("listitem");
    const said = await rows.allTextContents();
    expect(said.filter((row) => /^(acme|globex|initech)/.test(row))).toEqual([
      "globexLacksSTRIPE_SECRET_KEYSENDGRID_KEY",
      "initechLacksSENDGRID_KEY",
    ]);
    await look("fleet");
    await page.reload();
    await lacking.waitFor();
    await page.getByLabel("Keys that every tenant needs").fill("NOT_NEEDED");
    await page.getByLabel("In the environment").fill("dev");
    await page.getByRole("button", { name: "Look", exact: true }).click();
    await page.getByText("NOT_NEEDED").nth(2).waitFor();
    expect(await rows.filter({ hasText: "acme" }).count()).toBe(1);
    expect(complaints).toEqual([]);
    await visitor.leave();
  });

  test("health says what is well and what needs somebody: jobs, backups, versions, checkpoints, and how old keys are", async () => {
    const { house } = scene.served;
    const visitor = await scene.visitor();
    const { page, look, complaints } = visitor;
    await visitor.signIn(house.operatorToken);
    await page.getByRole("link", { name: "Health" }).click();
    await page.getByText("None was ever made: without the root key, nothing opens").waitFor();
    await page.getByText("1.4.0 · 1 server").waitFor();
    const jobs = page.getByRole("list", { name: "Background jobs" });
    await jobs.getByText("checkpoints.sign").waitFor();
    await look("health");
    // What the picture shows stands in a table, too.
    await page.getByText("As a table").click();
    const { current } = await house.as(house.operatorToken).keys.status({});
    await page.getByRole("row").filter({ hasText: current }).getByText("since today").waitFor();
    // The server is down for a moment: said, with a way to try again.
    await page.route(/deployment\.status/, (route) => route.abort());
    await page.getByRole("button", { name: "Look again" }).click();
    await page.getByRole("button", { name: "Try again" }).waitFor();
    await look("health-down", ["360"]);
    await page.unroute(/deployment\.status/);
    await page.getByRole("button", { name: "Try again" }).click();
    await jobs.waitFor();
    // A tenant's team has neither page.
    const team = await scene.visitor();
    await team.signIn((await house.tenant("team")).token, "/health");
    await team.page.getByText("Not for this token").waitFor();
    expect(await team.page.getByRole("link", { name: "Health" }).count()).toBe(0);
    await team.look("health-no-rights", ["360"]);
    expect(complaints).toEqual([]);
    await Promise.all([visitor.leave(), team.leave()]);
  });
});
