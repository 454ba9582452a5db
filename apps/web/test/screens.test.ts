import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { setScene } from "./scene.ts";
import { traces } from "./visitor.ts";

const scene = setScene();

describe("the panel's screens", () => {
  test("tokens: made with a preset, a place and an end, shown once, rotated with an overlap, revoked", async () => {
    const { token } = await scene.furnish("hooli");
    const visitor = await scene.visitor();
    const { page, look, complaints } = visitor;
    await visitor.signIn(token);
    await page.getByRole("link", { name: "Tokens" }).click();
    await page.waitForURL("**/t/hooli/tokens");
    await page.getByRole("button", { name: "New token" }).click();
    const form = page.getByRole("dialog", { name: "New token" });
    await form.getByLabel("Name").fill("billing-service");
    await form.getByRole("button", { name: /May/ }).click();
    await page.getByRole("option", { name: "Read and write" }).waitFor();
    await look("token-preset");
    await page.getByRole("option", { name: "Read and write" }).click();
    await form.getByRole("button", { name: /Where/ }).click();
    await page.getByRole("option", { name: "default / prod" }).click();
    await form.getByRole("button", { name: /Ends/ }).click();
    await page.getByRole("option", { name: "In 30 days" }).click();
    await page.getByRole("listbox").waitFor({ state: "detached" });
    await look("token-create");
    await form.getByRole("button", { name: "Create token" }).click();
    const once = page.getByRole("dialog", { name: "Copy your token now" });
    const made = await once.locator("pre").textContent();
    await look("token-shown");
    await once.getByRole("button", { name: "Done" }).click();
    await once.waitFor({ state: "detached" });
    expect(await page.content()).not.toContain(made);
    // It can do what the form said, and nothing elsewhere.
    const { environments } = await scene.served.house.as(made).environments.list({});
    expect(environments.map(({ name }) => name)).toEqual(["prod"]);
    const row = page.getByRole("listitem").filter({ hasText: `…${made!.slice(-4)}` });
    await row.getByText("Read and write · 1 environment").waitFor();
    // Another one in its place, picked from those that can be: both work, and the old one ends a day from now.
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Go to or do" }).fill("rotate a token");
    await page.keyboard.press("Enter");
    const rotate = page.getByRole("dialog", { name: "Rotate a token" });
    await rotate.getByRole("button", { name: /^Token|Token$/ }).click();
    await page.getByRole("option", { name: /^billing-service/ }).click();
    await page.getByRole("listbox").waitFor({ state: "detached" });
    await look("token-rotate", ["360"]);
    await rotate.getByRole("button", { name: "Rotate", exact: true }).click();
    const next = await once.locator("pre").textContent();
    expect(await traces(page)).not.toContain(next);
    await once.getByRole("button", { name: "Done" }).click();
    await once.waitFor({ state: "detached" });
    expect(await page.content()).not.toContain(next);
    expect(next).not.toBe(made);
    await row.getByText("in 24 hours").or(row.getByText("tomorrow")).waitFor();
    for (const one of [made, next]) await scene.served.house.as(one).identity.get();
    expect(await row.getByRole("button", { name: "Rotate billing-service" }).count()).toBe(0);
    await look("tokens");
    await row.getByRole("button", { name: "Revoke billing-service" }).click();
    const sure = page.getByRole("alertdialog", { name: "Revoke billing-service" });
    await sure.waitFor();
    await look("token-revoke");
    await sure.getByRole("button", { name: "Revoke" }).click();
    await row.getByText("Revoked", { exact: true }).waitFor();
    await expect(scene.served.house.as(made).identity.get()).rejects.toMatchObject({
      cause: { code: "unauthenticated" },
    });
    expect(complaints).toEqual([]);
    await visitor.leave();
  });

  test("audit log: newest first, filtered by what and by outcome, each event with all that is known of it", async () => {
    // A month of reads, and of a few refusals.
    const { moveClock } = scene.served.house;
    await moveClock("-29 days");
    const { token, caller } = await scene.furnish("piedpiper");
    for (const [i, times] of [1, 3, 2, 4].entries()) {
      await moveClock(`-${25 - 6 * i} days`);
      for (let n = 0; n < times; n++) await caller.secrets.reveal({ name: "DATABASE_URL" });
      if (i % 2 === 1) await caller.secrets.reveal({ name: "GONE" }).catch(() => undefined);
    }
    await moveClock("0");
    await caller.secrets.reveal({ name: "OPENAI_API_KEY" });
    await caller.secrets.reveal({ name: "NOT_THERE" }).catch(() => undefined);
    const visitor = await scene.visitor();
    const { page, look, complaints } = visitor;
    await visitor.signIn(token, "/t/piedpiper/audit");
    const events = page.getByRole("list", { name: "Audit events" }).getByRole("listitem");
    await events.first().waitFor();
    const chart = page.getByRole("figure", { name: "Reads and refusals by the day, last 30 days" });
    await chart.getByText("Values read: 11, at most 4 a day").waitFor();
    await chart.getByText("Refused: 3").waitFor();
    await look("audit");
    await chart.getByText("As a table").click();
    await chart.getByRole("row").first().waitFor();
    expect(await chart.getByRole("row").allInnerTexts()).toEqual([
      "Day (UTC)\tValues read\tRefused",
      ...["1\t0", "3\t1", "2\t0", "4\t1", "1\t1"].map((counts) => expect.stringContaining(`\t${counts}`)),
    ]);
    await look("audit-table", ["1280"]);
    await page.getByRole("button", { name: /Since/ }).click();
    await page.getByRole("option", { name: "Last 24 hours" }).click();
    await page
      .getByRole("figure", { name: "Reads and refusals by the hour, last 24 hours" })
      .getByText("Values read: 1, at most 1 an hour")
      .waitFor();
    await page.getByRole("button", { name: /^What|What$/ }).click();
    await page.getByRole("option", { name: "Values read" }).click();
    await expect.poll(() => events.count()).toBe(14);
    expect(await page.getByRole("figure").count()).toBe(0);
    expect(await events.nth(0).textContent()).toContain("secret.accessedNot found");
    expect(await events.nth(1).textContent()).toContain("OPENAI_API_KEY v1");
    await page.getByRole("button", { name: /Outcome/ }).click();
    await page.getByRole("option", { name: "Success" }).click();
    await expect.poll(() => events.count()).toBe(11);
    await events.first().getByRole("button").click();
    await events.first().getByText("Correlation id").waitFor();
    await look("audit-event");
    await page.getByRole("button", { name: "Only about OPENAI_API_KEY" }).click();
    await page.getByRole("button", { name: "Show all again, not only about OPENAI_API_KEY" }).click();
    await page.getByRole("button", { name: /Outcome/ }).click();
    await page.getByRole("option", { name: "Decryption failed" }).click();
    await page.getByText("Nothing matches").waitFor();
    await look("audit-empty");
    expect(complaints).toEqual([]);
    await visitor.leave();
  });

  test("audit log: watched live, exported, and verified in the browser by the same code as on the command line", async () => {
    const { token, caller, id } = await scene.furnish("umbrella");
    await scene.served.house.server.makeCheckpoint();
    await caller.secrets.reveal({ name: "DATABASE_URL" });
    await scene.served.house.server.makeCheckpoint();
    const visitor = await scene.visitor();
    const { page, look, complaints } = visitor;
    await visitor.signIn(token);
    await page.getByRole("rowheader", { name: "DATABASE_URL" }).waitFor();
    await page.goto("/t/umbrella/audit");
    const events = page.getByRole("list", { name: "Audit events" }).getByRole("listitem");
    await events.first().waitFor();
    await page.getByRole("button", { name: "Live" }).click();
    await page.getByText("Looks every five seconds").waitFor();
    await caller.secrets.reveal({ name: "DATABASE_URL" });
    await expect
      .poll(async () => {
        await page.clock.runFor(5_000);
        return events.first().textContent();
      })
      .toContain("secret.accessed");
    await page.getByRole("button", { name: "Live" }).click();

    const waiting = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export" }).click();
    const file = readFileSync(await (await waiting).path(), "utf8");
    expect(JSON.parse(file.split("\n")[0]!)).toMatchObject({ export: { version: 2, chain: id } });
    await page.getByText("lines exported").waitFor();

    // Old events go below an export's checkpoint only: an edited one is refused, and nothing here is old enough.
    await page.getByRole("button", { name: "Prune" }).click();
    const prune = page.getByRole("alertdialog", { name: "Take old events away" });
    const choose = (name: string, text: string) =>
      prune
        .getByLabel("Choose the export")
        .and(page.locator("input"))
        .setInputFiles({ name, mimeType: "application/jsonl", buffer: Buffer.from(text) });
    await prune.getByLabel("Type the tenant's slug to confirm").fill("umbrella");
    await choose("notes.txt", "nothing\nof the kind\n");
    await prune.getByText("notes.txt is no export with a checkpoint").waitFor();
    const takeAway = prune.getByRole("button", { name: "Take away" });
    expect(await takeAway.isDisabled()).toBe(true);
    await choose("edited.jsonl", file.replace(/("batches":)\d+/, "$11000"));
    await prune.getByText("edited.jsonl: events that its checkpoint covers can go").waitFor();
    await takeAway.click();
    await prune.getByText("is no checkpoint of this chain that this deployment has signed").waitFor();
    await choose("umbrella-audit.jsonl", file);
    await prune.getByText("umbrella-audit.jsonl: events").waitFor();
    await look("audit-prune");
    await takeAway.click();
    await page.getByText("Nothing was taken away").waitFor();

    await page.getByRole("button", { name: "Verify" }).click();
    const dialog = page.getByRole("dialog", { name: "Verify the audit log" });
    await dialog.getByRole("button", { name: "Verify" }).click();
    await dialog.getByText("The checkpoint's signature holds").waitFor();
    await dialog.getByText("Checked by this page, which this server sent").waitFor();
    await look("audit-verified");
    // A key that somebody kept, and is not the one that signed.
    const { publicKey } = await caller.audit.checkpoint({});
    const { generateKeyPairSync } = await import("node:crypto");
    const { encodeNoteKey, noteKey } = await import("@keyfold/ledger");
    const other = generateKeyPairSync("ed25519")
      .publicKey.export({ format: "der", type: "spki" })
      .subarray(-32);
    await dialog
      .getByLabel("Public key that you kept")
      .fill(encodeNoteKey(noteKey(publicKey.split("+")[0]!, other)));
    await dialog.getByRole("button", { name: "Verify" }).click();
    await dialog.getByText("is not signed by this key").waitFor();
    // An event that is edited on its way here is found.
    await page.route(/audit\.export/, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({
        response: answer,
        body: (await answer.text()).replace("secret.rotated", "secret.deleted"),
      });
    });
    await dialog.getByLabel("Public key that you kept").fill(publicKey);
    await dialog.getByRole("button", { name: "Verify" }).click();
    await dialog.getByText("This log is not sound").waitFor();
    await look("audit-broken", ["1280"]);
    expect(complaints).toEqual([]);
    await visitor.leave();
  });

  test("values of many lines, of bytes and with white space come back exactly, and say what they are", async () => {
    const { token, caller } = await scene.served.house.tenant("wayne");
    const lines = "-----BEGIN FAKE KEY-----\nnot\treal\n\n-----END FAKE KEY-----\n";
    const bytes = Buffer.from([0, 255, 128, 10]).toString("base64");
    const visitor = await scene.visitor();
    const { page, look, complaints } = visitor;
    await visitor.signIn(token);
    await page.getByText("No secrets in dev yet").waitFor();
    await look("secrets-empty");
    for (const [name, value, binary] of [
      ["TLS_KEY", lines, false],
      ["SEED", bytes, true],
    ] as const) {
      await page.getByRole("button", { name: "New secret" }).first().click();
      const form = page.getByRole("dialog", { name: "New secret" });
      await form.getByLabel("Name").fill(name);
      await form.getByLabel("Value").fill(value);
      if (binary) await form.getByLabel("Binary").check();
      else await form.getByText("This value starts or ends with white space").waitFor();
      await form.getByRole("button", { name: "Create secret" }).click();
      await page.getByText(`${name} created`).waitFor();
      await page.getByRole("button", { name: `Reveal ${name}` }).click();
      const shown = page.getByRole("region", { name: `Value of ${name}` });
      expect(await shown.locator("pre").textContent()).toBe(value);
      await shown.getByText(binary ? "Binary, shown as base64" : "5 lines").waitFor();
      await look(binary ? "revealed-binary" : "revealed-lines");
    }
    expect((await caller.secrets.reveal({ name: "TLS_KEY" })).value).toBe(lines);
    expect(await caller.secrets.reveal({ name: "SEED" })).toMatchObject({ value: bytes, encoding: "base64" });
    expect(complaints).toEqual([]);
    await visitor.leave();
  });

  test("folders close and open, a search finds names by any part of them, and Tab alone leads everywhere and back", async () => {
    const { token } = await scene.furnish("stark");
    const visitor = await scene.visitor();
    const { page, look, complaints } = visitor;
    await visitor.signIn(token);
    const folder = page.getByRole("button", { name: "Folder payments 2" });
    await folder.click();
    expect(await folder.getAttribute("aria-expanded")).toBe("false");
    expect(await page.getByRole("link", { name: "STRIPE_SECRET_KEY" }).count()).toBe(0);
    await folder.click();
    await page.getByRole("link", { name: "STRIPE_SECRET_KEY" }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("api_key");
    await page.getByText("2 secrets found").waitFor();
    await look("search");
    await page.keyboard.type("zzz");
    await page.getByText("Nothing named").waitFor();
    await look("search-none");
    expect(page.url()).not.toContain("zzz");
    await page.keyboard.press("Escape");
    await page.getByText("7 secrets").waitFor();

    // By keys alone, from the top: each thing that Tab comes to shows that it has the focus.
    await page.reload();
    await page.getByRole("rowheader", { name: "DATABASE_URL" }).waitFor();
    const focused = () =>
      page.evaluate(() => {
        const at = document.activeElement!;
        const ringed = [at, at.closest("label") ?? at].some((element) => {
          const { outlineStyle, outlineWidth } = getComputedStyle(element);
          return outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2;
        });
        const inside = at.closest("[role=dialog]") !== null;
        return { name: at.getAttribute("aria-label") ?? at.textContent.trim(), ringed, inside };
      });
    const tabTo = async (wanted: string): Promise<void> => {
      for (let steps = 0; steps < 60; steps++) {
        await page.keyboard.press("Tab");
        const { name, ringed } = await focused();
        expect([name, ringed]).toEqual([name, true]);
        if (name === wanted) return;
      }
      throw new Error(`Tab never came to ${wanted}`);
    };
    const staysInside = async (): Promise<void> => {
      for (let steps = 0; steps < 12; steps++) {
        await page.keyboard.press("Tab");
        expect(await focused()).toMatchObject({ inside: true });
      }
      await page.keyboard.press("Escape");
    };
    await tabTo("Audit log");
    await tabTo("New secret");
    await page.keyboard.press("Enter");
    const made = page.getByRole("dialog", { name: "New secret" });
    await page.locator("[role=dialog]:focus-within").waitFor();
    await staysInside();
    await made.waitFor({ state: "detached" });
    await expect.poll(focused).toMatchObject({ name: "New secret", ringed: true });
    await tabTo("Search by name");
    await tabTo("Reveal DATABASE_URL");
    await tabTo("Copy DATABASE_URL without showing it");
    await tabTo("More for DATABASE_URL");
    await page.keyboard.press("Enter");
    await page.locator("[role=menu]:focus-within").getByRole("menuitem", { name: "Rotate" }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    const rotate = page.getByRole("dialog", { name: "Rotate DATABASE_URL" });
    await rotate.waitFor();
    await page.locator("[role=dialog]:focus-within").waitFor();
    await staysInside();
    await rotate.waitFor({ state: "detached" });
    await expect.poll(focused).toMatchObject({ name: "More for DATABASE_URL", ringed: true });
    expect(complaints).toEqual([]);
    await visitor.leave();
  });

  test("a list of more than one page is loaded on, and searched on the server, too", async () => {
    const { token, caller } = await scene.served.house.tenant("dunder");
    const name = (i: number) => `KEY_${String(i).padStart(3, "0")}`;
    await caller.secrets.setMany({
      items: Array.from({ length: 230 }, (_, i) => ({ name: name(i), value: "not real" })),
    });
    const visitor = await scene.visitor();
    const { page } = visitor;
    await visitor.signIn(token);
    await page.getByText("200+ secrets").waitFor();
    await page.getByRole("searchbox").fill(name(229));
    await page.getByRole("link", { name: name(229) }).waitFor();
    await page.getByRole("searchbox").fill("");
    await page.getByRole("button", { name: "Load more" }).click();
    await page.getByText("230 secrets").waitFor();
    await visitor.leave();
  });

  test("a session that ended leads to the sign-in page and from there back to where one was", async () => {
    const { token, caller, id } = await scene.furnish("tyrell");
    const second = await caller.tokens.create({ tenant: id, name: "second", preset: "admin" });
    const visitor = await scene.visitor();
    const { page, look } = visitor;
    await visitor.signIn(second.token!, "/t/tyrell/default/staging");
    await page.getByText("No secrets in staging yet").waitFor();
    await caller.tokens.revoke({ id: second.details.id });
    await page.getByRole("link", { name: "Audit log" }).click();
    await page.getByText("Your session has ended").waitFor();
    await look("sign-in-ended");
    await page.getByRole("button", { name: "Use a token instead" }).click();
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.waitForURL("**/t/tyrell/audit");
    await visitor.leave();
  });

  test("what a token may not see, and what is not there, say so; a call that fails can be tried again", async () => {
    const { caller, id } = await scene.furnish("cyberdyne");
    const reader = await caller.tokens.create({ tenant: id, name: "reader", preset: "reader" });
    const visitor = await scene.visitor();
    const { page, look, complaints } = visitor;
    await visitor.signIn(reader.token!);
    await page.getByRole("rowheader", { name: "DATABASE_URL" }).waitFor();
    expect(await page.getByRole("button", { name: "New secret" }).count()).toBe(0);
    await page.goto("/t/cyberdyne/audit");
    await page.getByText("Not for this token").waitFor();
    await look("no-rights");
    await page.goto("/t/cyberdyne/default/nowhere");
    await page.getByText("Nothing here").waitFor();
    await look("no-such-environment");
    await page.goto("/no/such/page");
    await page.getByText("Nothing here").waitFor();
    await look("no-such-page");

    await page.route("**/trpc/**", (route) => route.abort());
    await page.goto("/t/cyberdyne/default/dev");
    await page.getByText("Keyfold cannot be reached").waitFor();
    await look("unreachable");
    await page.unroute("**/trpc/**");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("rowheader", { name: "DATABASE_URL" }).waitFor();
    // The router reports what kept a route from beginning.
    expect(
      complaints.filter((complaint) => !complaint.startsWith("TRPCClientError: Failed to fetch")),
    ).toEqual([]);
    await visitor.leave();
  });

  test("on a phone the menu leads everywhere; a theme that was chosen stays; no text becomes markup", async () => {
    const { token } = await scene.furnish("nakatomi");
    const visitor = await scene.visitor();
    const { page, look } = visitor;
    await visitor.signIn(token);
    await page.getByRole("rowheader", { name: "DATABASE_URL" }).waitFor();
    await page.setViewportSize({ width: 360, height: 740 });
    await page.getByRole("button", { name: "Menu" }).click();
    const menu = page.getByRole("dialog", { name: "Menu" });
    await menu.locator("label[data-hint=Dark]").click();
    await page.locator("html[data-theme=dark]").waitFor({ state: "attached" });
    const again = await page.reload();
    // It stands in nobody's frame.
    expect(again?.headers()["content-security-policy"]).toContain("frame-ancestors 'none'");
    await page.getByRole("rowheader", { name: "DATABASE_URL" }).waitFor();
    await page.locator("html[data-theme=dark]").waitFor({ state: "attached" });
    await page.getByRole("button", { name: "Menu" }).click();
    await menu.locator("label[data-hint=System]").click();
    await look("phone-menu", ["360"]);
    await menu.getByRole("link", { name: "Audit log" }).click();
    await page.waitForURL("**/t/nakatomi/audit");
    // Were there a way to write text into this page's markup, it would end here.
    const names = await page.evaluate(() =>
      [
        () => Object.assign(document.createElement("p"), { innerHTML: "<b>text</b>" }),
        () => Object.assign(document.createElement("script"), { src: "/theme.js" }),
        () =>
          (
            window as unknown as { trustedTypes: { createPolicy(name: string, rules: object): unknown } }
          ).trustedTypes.createPolicy("default", {}),
      ].map((attempt) => {
        try {
          attempt();
          return "done";
        } catch (error) {
          return (error as Error).name;
        }
      }),
    );
    expect(names).toEqual(["TypeError", "TypeError", "TypeError"]);
    await visitor.leave();
  });

  test("the first screen takes at most 150 KB of compressed script", async () => {
    const { token } = await scene.furnish("aperture");
    const visitor = await scene.visitor();
    const { page } = visitor;
    await visitor.signIn(token);
    visitor.addresses.length = 0;
    await page.reload();
    await page.getByRole("rowheader", { name: "DATABASE_URL" }).waitFor();
    const dist = join(import.meta.dirname, "../dist");
    const known = new Set(readdirSync(join(dist, "assets")).map((name) => `/assets/${name}`));
    const scripts = [...new Set(visitor.addresses.map((address) => new URL(address).pathname))].filter(
      (path) => path.endsWith(".js"),
    );
    expect(scripts.length).toBeGreaterThan(2);
    expect(scripts.every((path) => known.has(path) || path === "/start.js")).toBe(true);
    const bytes = scripts.reduce((sum, path) => sum + gzipSync(readFileSync(join(dist, path))).length, 0);
    expect(bytes).toBeLessThanOrEqual(150 * 1024);
    await visitor.leave();
  });

  test("what the screen of an address imports is asked for before any script of the panel has run", async () => {
    const visitor = await scene.visitor();
    const { page, addresses } = visitor;
    // The entry never comes, and with it no router.
    await page.route(/\/assets\/index-.*\.js$/, (route) => route.abort());
    const asked = (name: string) => addresses.some((address) => address.includes(`/assets/${name}-`));
    await page.goto("/sign-in");
    await expect.poll(() => asked("sign-in")).toBe(true);
    expect(asked("secrets-page")).toBe(false);
    await page.goto("/t/aperture/default/dev");
    await expect.poll(() => asked("secrets-page")).toBe(true);
    await visitor.leave();
  });
});
