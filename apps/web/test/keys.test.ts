import { randomBytes } from "node:crypto";
import { localRootKey } from "@keyfold/envelope";
import { callerOf } from "@keyfold/secrets/testing";
import { describe, expect, test } from "vitest";
import { setScene } from "./scene.ts";

const next = localRootKey(randomBytes(32));
let stranger: string;

// A server that was started with a new root key, and holds the old one besides.
const scene = setScene({
  async server(house) {
    for (let i = 1; i <= 5; i++) await house.tenant(`tenant-${i}`);
    stranger = (await house.tenant("stranger")).token;
    return house.another({
      provider: next,
      others: [house.provider],
      process: { name: "web-1/4021", version: "1.4.0", region: "eu", runsJobs: true },
    });
  },
});

describe("the operator's page of root keys", () => {
  test("a rotation is started, watched and finished; then all is verified, and the old root key retired by the end of its name", async () => {
    const { house } = scene.served;
    const [oldId, newId] = [(await house.provider.current()).id, (await next.current()).id];
    const visitor = await scene.visitor();
    const { page, look, complaints } = visitor;
    await visitor.signIn(house.operatorToken);
    await page.getByRole("link", { name: "Root keys" }).click();
    await page.waitForURL("**/keys");
    const roots = page.getByRole("list", { name: "Root keys" }).getByRole("listitem");
    await roots.filter({ hasText: newId }).getByText("Current").waitFor();
    await page.getByText("15 of 15 keys are not wrapped under the current root key yet").waitFor();
    await page.getByRole("list", { name: "Servers" }).getByText("web-1/4021").waitFor();
    await look("keys");

    // Too early to retire: the server says so.
    await roots
      .filter({ hasText: oldId })
      .getByRole("button", { name: `Retire ${oldId}` })
      .click();
    const early = page.getByRole("alertdialog", { name: "Retire this root key?" });
    await early.getByLabel(/Type its last four/).fill("nope");
    expect(await early.getByRole("button", { name: "Retire" }).isDisabled()).toBe(true);
    await look("keys-retire-wrong");
    await early.getByLabel(/Type its last four/).fill(oldId.slice(-4));
    await look("keys-retire");
    await early.getByRole("button", { name: "Retire" }).click();
    await page.getByRole("alert").getByText("Rotate and verify first").waitFor();
    await look("keys-refused");

    // The first call does one tenant, the next one waits for us: so the bar stands still to be looked at.
    let calls = 0;
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route(/keys\.rotate/, async (route) => {
      if (++calls === 1) {
        const slow = route.request().postData()!.replace('"forSeconds":0', '"forSeconds":0,"perSecond":1');
        return route.continue({ postData: slow });
      }
      await held;
      await route.continue();
    });
    await page.getByRole("button", { name: "Rotate", exact: true }).click();
    const sure = page.getByRole("alertdialog", { name: "Wrap all keys under the current root key?" });
    await sure.waitFor();
    await look("keys-rotate");
    await sure.getByRole("button", { name: "Begin" }).click();
    const bar = page.getByRole("progressbar", { name: "Rotation" });
    await expect.poll(() => bar.getAttribute("aria-valuenow")).toBe("13");
    await page.getByText("You may leave this page").waitFor();
    await page.getByRole("status").getByText("Rotation started.").waitFor({ state: "attached" });
    await look("keys-rotating");
    release();
    await page.getByText("All keys are wrapped under the current root key").waitFor();
    await page.getByRole("status").getByText("Rotation is done.").waitFor({ state: "attached" });
    await bar.waitFor({ state: "detached" });

    await page.getByRole("button", { name: "Verify" }).click();
    await page
      .getByRole("alertdialog", { name: "Open every key once?" })
      .getByRole("button", { name: "Begin" })
      .click();
    await page.getByText("Every key was last opened with it").waitFor();

    // A server that was forgotten is named, and in the way until it is gone.
    const late = await house.another({ process: { name: "web-2/17", version: "1.3.9" } });
    const retire = async () => {
      await roots
        .filter({ hasText: oldId })
        .getByRole("button", { name: `Retire ${oldId}` })
        .click();
      const dialog = page.getByRole("alertdialog", { name: "Retire this root key?" });
      await dialog.getByLabel(/Type its last four/).fill(oldId.slice(-4));
      await dialog.getByRole("button", { name: "Retire" }).click();
    };
    await retire();
    await page.getByRole("alert").getByText("The process web-2/17, last seen at").waitFor();
    await page.getByRole("list", { name: "Servers" }).getByText("web-2/17").waitFor();
    await look("keys-in-the-way");
    await late.close();
    await retire();
    await roots.filter({ hasText: oldId }).getByText("Retired").waitFor();
    await look("keys-retired");
    expect((await house.as(house.operatorToken).keys.status({})).rootKeys).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: oldId, retiredAt: expect.any(String), wraps: 0 }),
      ]),
    );

    // Overdue.
    await house.tamper("UPDATE control_plane.root_keys SET created_at = now() - interval '100 days'");
    await page.getByRole("button", { name: "Look again" }).click();
    await page.getByText("Overdue").waitFor();
    await look("keys-overdue");

    // A job that somebody else began is watched, moves on its own, and can be driven on; a stopped one says why.
    await house.tamper("DELETE FROM control_plane.key_jobs");
    const [row] = await house.sql<{ id: string }>(
      `INSERT INTO control_plane.key_jobs (id, kind, opener, state, done, total, started_at, updated_at)
         VALUES (gen_random_uuid(), 'verify', $1, 'running', 3, 15, now(), now()) RETURNING id`,
      [(await next.current()).id],
    );
    await page.goto("/keys");
    const verification = page.getByRole("progressbar", { name: "Verification" });
    await verification.waitFor();
    await page.getByText("Goes on by itself, or from another screen.").waitFor();
    expect(await page.getByRole("button", { name: "Verify" }).isDisabled()).toBe(true);
    await look("keys-elsewhere");
    await house.sql("UPDATE control_plane.key_jobs SET done = 9 WHERE id = $1", [row!.id]);
    await page.clock.fastForward(6_000);
    await expect.poll(() => verification.getAttribute("aria-valuenow")).toBe("60");
    await house.sql(
      "UPDATE control_plane.key_jobs SET state = 'stopped', problem = 'key_unavailable' WHERE id = $1",
      [row!.id],
    );
    await page.clock.fastForward(6_000);
    await page.getByText("Stopped: the key service cannot be reached.").waitFor();
    await look("keys-stopped");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("Every key was last opened with it").waitFor();

    // Keys of tenants: one that a recovery key opens, too, made by a server that had it.
    const recovery = localRootKey(randomBytes(32));
    const opener = (await recovery.current()).id;
    const earlier = await house.another({ provider: next, also: [recovery] });
    const operator = callerOf(earlier, house.operatorToken);
    await operator.tenants.create({ slug: "recovered" });
    const { token } = await operator.tokens.create({ tenant: "recovered", name: "first", preset: "admin" });
    const tenant = callerOf(earlier, token!);
    await tenant.secrets.create({ name: "STRIPE_KEY", value: "sk_test_not_a_real_key" });

    await page.getByRole("button", { name: "Look again" }).click();
    await page.getByText("No opener was removed.").waitFor();
    await roots
      .filter({ hasText: opener })
      .getByRole("button", { name: `Remove ${opener} as an opener` })
      .click();
    const gone = page.getByRole("alertdialog", { name: "Remove this opener?" });
    expect(await gone.getByRole("button", { name: "Remove" }).isDisabled()).toBe(true);
    await gone.getByLabel("Tenant").fill("nobody");
    await gone.getByLabel(/Type its last four/).fill(opener.slice(-4));
    await gone.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("alert").getByText("There is no such thing").waitFor();
    await roots
      .filter({ hasText: opener })
      .getByRole("button", { name: /^Remove/ })
      .click();
    await gone.getByLabel(/Type its last four/).fill(opener.slice(-4));
    await look("keys-remove", ["360"]);
    await gone.getByRole("button", { name: "Remove" }).click();
    await page.getByText("Opener removed, begun").waitFor();
    await page.getByRole("button", { name: "What it could open" }).click();
    const exposed = page.getByRole("dialog", { name: "What the removed opener could open" });
    await exposed.getByText("recovered · version 1 · current").waitFor();
    await look("keys-exposed", ["360"]);
    await exposed.getByRole("button", { name: "Close" }).last().click();

    await page.getByRole("button", { name: "Rotate tenant keys" }).click();
    const renew = page.getByRole("alertdialog", { name: "Rotate tenant keys?" });
    await renew.getByLabel("Tenant").fill("recovered");
    await renew.getByRole("button", { name: "Begin" }).click();
    await page.getByText("Rotation of tenant keys is done.").waitFor({ state: "attached" });
    await page.getByRole("button", { name: "Re-encrypt values" }).click();
    const anew = page.getByRole("alertdialog", { name: "Re-encrypt values?" });
    await anew.getByLabel("Secret").fill("not-an-id");
    await anew.getByText("Name its tenant, too.").waitFor();
    expect(await anew.getByRole("button", { name: "Begin" }).isDisabled()).toBe(true);
    await anew.getByLabel("Secret").fill("");
    await anew.getByRole("checkbox", { name: /Make the digests anew/ }).check();
    await look("keys-re-encrypt", ["1280"]);
    await anew.getByRole("button", { name: "Begin" }).click();
    await page.getByText("Re-encryption is done.").waitFor({ state: "attached" });
    expect((await tenant.secrets.reveal({ name: "STRIPE_KEY" })).value).toBe("sk_test_not_a_real_key");
    await look("keys-tenants");
    expect(complaints).toEqual([]);
    await visitor.leave();
  }, 180_000);

  test("who is no operator finds no link to it and no right to it", async () => {
    const visitor = await scene.visitor();
    const { page, complaints } = visitor;
    await visitor.signIn(stranger);
    await page.waitForURL("**/t/stranger/**");
    expect(await page.getByRole("link", { name: "Root keys" }).count()).toBe(0);
    await page.goto("/keys");
    await page.getByText("Not for this token").waitFor();
    expect(complaints).toEqual([]);
    await visitor.leave();
  });
});
