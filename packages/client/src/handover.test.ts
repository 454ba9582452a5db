import { expect, test } from "vitest";
import { beginHandover, codeOf, isHandoverKey, sealFor } from "./handover.ts";

const TOKEN = "kf_fake_token_0123456789";
const ORIGIN = "https://secrets.example.com";

test("a token that is handed over opens for the command that asked, and for no other command, server or changed byte", async () => {
  const [one, other] = [await beginHandover(), await beginHandover()];
  const sealed = await sealFor(one.publicKey, TOKEN, ORIGIN);
  expect(sealed).not.toContain(TOKEN);
  expect(await one.open(sealed, ORIGIN)).toBe(TOKEN);
  expect(await other.open(sealed, ORIGIN)).toBeNull();
  expect(await one.open(sealed, "https://evil.example")).toBeNull();
  for (let at = 0; at < sealed.length; at += 7) {
    const changed = sealed.slice(0, at) + (sealed[at] === "A" ? "B" : "A") + sealed.slice(at + 1);
    if (changed !== sealed) expect([at, await one.open(changed, ORIGIN)]).toEqual([at, null]);
  }
  for (const wrong of ["", "x", "not base64!", sealed.slice(0, 60), sealed.slice(0, -2), "A".repeat(5000)])
    expect(await one.open(wrong, ORIGIN)).toBeNull();
});

test("what is no key is sealed for nobody", async () => {
  for (const wrong of ["", "abc", "A".repeat(87), "!".repeat(87)])
    await expect(sealFor(wrong, TOKEN, ORIGIN)).rejects.toThrow();
  expect(isHandoverKey("abc")).toBe(false);
  expect(isHandoverKey((await beginHandover()).publicKey)).toBe(true);
});

test("both sides show one code for one key and server, and another for another", async () => {
  const [one, other] = [await beginHandover(), await beginHandover()];
  const code = await codeOf(one.publicKey, ORIGIN);
  expect(code).toMatch(/^[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}$/);
  expect(await codeOf(one.publicKey, ORIGIN)).toBe(code);
  expect(await codeOf(other.publicKey, ORIGIN)).not.toBe(code);
  expect(await codeOf(one.publicKey, "https://evil.example")).not.toBe(code);
});
