import { randomBytes, randomUUID } from "node:crypto";
import { localRootKey } from "@keyfold/envelope";
import { beforeAll, describe, expect, test } from "vitest";
import { openKeyBundle, proofDigest, sealKeyBundle } from "./key-bundle.ts";
import { identitiesIn, makeIdentity, recipientFingerprint } from "./recipient.ts";
import { currentRootKey } from "./root-key-files.ts";

const bytes = randomBytes(32);
const text = bytes.toString("base64url");
let id: string;
const given = () => ({
  id: randomUUID(),
  deployment: randomUUID(),
  madeAt: "2026-03-01T10:00:00.000Z",
  publicKey: "keyfold/x+00000000+AA",
  rootKeys: [{ kind: "local" as const, id, current: true, key: text }],
  hybridSeed: null,
  otherHybridSeed: null,
});

let one: { identity: string; recipient: string };
let two: { identity: string; recipient: string };
beforeAll(async () => {
  id = (await localRootKey(Buffer.from(bytes)).current()).id;
  one = await makeIdentity(false);
  two = await makeIdentity(false);
});

test("each recipient opens it, and reads a code of their own that proves it", async () => {
  const contents = given();
  const bundle = await sealKeyBundle(contents, [one.recipient, two.recipient, one.recipient]);
  expect(Object.keys(bundle.proofs)).toHaveLength(2);
  for (const { identity, recipient } of [one, two]) {
    const opened = await openKeyBundle(bundle.text, `# a comment\n\n${identity}\n`);
    expect(opened.contents).toMatchObject(contents);
    expect(opened.codes.map(proofDigest)).toEqual([bundle.proofs[recipientFingerprint(recipient)]]);
    expect(await currentRootKey(opened.contents)).toMatchObject({ id, key: text });
  }
  expect(bundle.text).not.toContain(text);
  expect(bundle.text).not.toContain("AGE-SECRET-KEY");
});

test("a recipient that resists quantum computers opens it too, and is not mixed with one that does not", async () => {
  const strong = await makeIdentity(true);
  expect(strong.recipient).toMatch(/^age1pq1/);
  const bundle = await sealKeyBundle(given(), [strong.recipient]);
  expect((await openKeyBundle(bundle.text, strong.identity)).codes).toHaveLength(1);
  await expect(sealKeyBundle(given(), [strong.recipient, one.recipient])).rejects.toMatchObject({
    problem: "refused",
  });
});

test("another identity opens nothing, and is told so", async () => {
  const { text: sealed } = await sealKeyBundle(given(), [one.recipient]);
  await expect(openKeyBundle(sealed, two.identity)).rejects.toMatchObject({ problem: "wrong_identity" });
  for (const none of ["", "# only a comment", "not an identity", one.recipient])
    await expect(openKeyBundle(sealed, none), none).rejects.toMatchObject({ problem: "wrong_identity" });
});

describe("a bundle that is", () => {
  test.each([
    ["empty", () => ""],
    ["something else", () => "{}"],
    ["cut off", (sealed: string) => sealed.slice(0, sealed.length / 2)],
    [
      "edited where it is sealed",
      // The last letter that is not in the last bytes: there is always one, whatever the bytes are.
      (sealed: string) =>
        edit(sealed, (s) =>
          s.replace(
            /^([\s\S]*)([A-Za-z])(?=[\s\S]{20,}\n-----END)/,
            (_, before: string, letter: string) => before + flip(letter),
          ),
        ),
    ],
    [
      "cut where it is sealed",
      (sealed: string) => edit(sealed, (s) => s.replace(/.{64}\n(?=.*\n-----END)/, "")),
    ],
    ["not sealed at all", (sealed: string) => edit(sealed, () => "plain")],
    ["far too long", () => "x".repeat(2_000_000)],
  ] as const)("%s is refused as damaged", async (_, change) => {
    const { text: sealed } = await sealKeyBundle(given(), [one.recipient]);
    await expect(openKeyBundle(change(sealed), one.identity)).rejects.toMatchObject({ problem: "damaged" });
  });

  test("of a newer release is refused as such", async () => {
    const { text: sealed } = await sealKeyBundle(given(), [one.recipient]);
    await expect(openKeyBundle(sealed.replace("bundle 1", "bundle 2"), one.identity)).rejects.toMatchObject({
      problem: "unsupported",
    });
  });

  test("filed under another fingerprint is refused", async () => {
    const contents = { ...given(), rootKeys: [{ ...given().rootKeys[0]!, id: "local:0000000000000000" }] };
    await expect(currentRootKey(contents)).rejects.toMatchObject({
      problem: "damaged",
    });
  });
});

test("nobody, or somebody who is no recipient, is refused", async () => {
  for (const to of [
    [],
    ["age1"],
    ["ssh-ed25519 AAAA"],
    [one.recipient, one.recipient.replace(/.$/, (c) => (c === "q" ? "p" : "q"))],
  ])
    await expect(sealKeyBundle(given(), to)).rejects.toMatchObject({ problem: "refused" });
});

test("an identity file says which recipients it opens for", async () => {
  expect(await identitiesIn(`# created: today\r\n${one.identity}\r\n${two.identity}`)).toEqual([one, two]);
});

const flip = (letter: string) => (letter === "A" ? "B" : "A");
function edit(sealed: string, change: (armored: string) => string): string {
  const bundle = JSON.parse(sealed);
  return JSON.stringify({ ...bundle, sealed: change(bundle.sealed) });
}
