import { afterAll, beforeAll, expect, test } from "vitest";
import { type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";

/*
 * What one token's read left in the process's memory is there when another token asks. It must not hear more for that
 * than it would from a process that remembers nothing.
 */

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

async function setting(slug: string) {
  const { caller } = await house.tenant(slug);
  await caller.projects.create({ name: "vault" });
  const open = await caller.secrets.create({ name: "OPEN", value: "not a real value" });
  const hidden = await caller.secrets.create({ project: "vault", name: "HIDDEN", value: "not a real value" });
  return { caller, open, hidden };
}

test("a narrower token does not get what a wider one has just read, by id or by name", async () => {
  const { caller, open, hidden } = await setting("narrower");
  const { token } = await caller.tokens.create({ name: "narrow", preset: "reader", projects: ["default"] });
  const narrow = house.as(token);
  for (let i = 0; i < 3; i++) {
    for (const by of [{ id: hidden.id }, { project: "vault", name: "HIDDEN" }]) {
      await caller.secrets.reveal(by);
      // Remembered at the same epoch as the other's.
      expect(await codeOf(narrow.secrets.reveal({ id: open.id }))).toBe("allowed");
      expect(await codeOf(narrow.secrets.reveal(by))).toBe("not_found");
    }
    await caller.versions.reveal({ id: hidden.id, version: 1 });
    expect(await codeOf(narrow.versions.reveal({ id: hidden.id, version: 1 }))).toBe("not_found");
  }
});

test("another tenant's token does not get what a token of the tenant has just read", async () => {
  const { caller, open } = await setting("mine");
  const other = await setting("theirs");
  for (let i = 0; i < 3; i++) {
    await caller.secrets.reveal({ id: open.id });
    await other.caller.secrets.reveal({ id: other.open.id });
    expect(await codeOf(other.caller.secrets.reveal({ id: open.id }))).toBe("not_found");
    expect(await codeOf(other.caller.secrets.reveal({ tenant: "mine", name: "OPEN" }))).toBe("not_found");
    expect((await other.caller.secrets.reveal({ name: "OPEN" })).id).toBe(other.open.id);
  }
});

test("a token that may read one way does not get what others have read in another", async () => {
  const { caller, open } = await setting("ways");
  const { token } = await caller.tokens.create({ name: "versions only", actions: ["version.reveal"] });
  const reader = house.as(token);
  for (let i = 0; i < 3; i++) {
    await caller.secrets.reveal({ id: open.id });
    expect(await codeOf(reader.versions.reveal({ id: open.id, version: 1 }))).toBe("allowed");
    expect(await codeOf(reader.secrets.reveal({ id: open.id }))).toBe("forbidden");
  }
});

test("a token that was remembered before it was revoked does not get what was read after", async () => {
  const { caller, open } = await setting("before");
  const { token, details } = await caller.tokens.create({ name: "t", preset: "reader" });
  const reader = house.as(token);
  for (let i = 0; i < 2; i++) await reader.secrets.reveal({ id: open.id });
  await caller.tokens.revoke({ id: details.id });
  // The value is fresh again, and what is remembered of the token is not.
  for (let i = 0; i < 2; i++) await caller.secrets.reveal({ id: open.id });
  expect(await codeOf(reader.secrets.reveal({ id: open.id }))).toBe("unauthenticated");
});
