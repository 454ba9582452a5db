import { generateKeyPairSync, sign } from "node:crypto";
import { expect, test } from "vitest";
import { decodeNoteKey, encodeNoteKey, noteKey, openNote, signNote } from "./note.ts";

// The note and the key that implementations of c2sp.org/signed-note share as an example.
const VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const NOTE = `This is an example message.

\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`;

function signer(name: string) {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const key = noteKey(name, Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url"));
  return { key, sign: (bytes: Buffer) => sign(null, bytes, privateKey) };
}

test("the published example opens with the published key, and with no other", () => {
  expect(openNote(NOTE, [decodeNoteKey(VKEY)])).toBe("This is an example message.\n");
  expect(openNote(NOTE, [signer("example.com/foo").key])).toBeNull();
  expect(openNote(NOTE, [])).toBeNull();
});

test("a key is the same after it was written and read", () => {
  expect(encodeNoteKey(decodeNoteKey(VKEY))).toBe(VKEY);
});

test("what was signed opens, and one letter more does not", () => {
  const one = signer("keyfold/test");
  const note = signNote("first\n\nsecond\n", one.key, one.sign);
  expect(openNote(note, [one.key])).toBe("first\n\nsecond\n");
  expect(openNote(note.replace("second", "sec0nd"), [one.key])).toBeNull();
});

test("signatures of strangers are passed over, but a broken one of a known key refuses the note", () => {
  const [one, two] = [signer("a/one"), signer("a/two")];
  const note = signNote("text\n", one.key, one.sign);
  const line = (by: typeof one, text: string) => signNote(text, by.key, by.sign).split("\n\n")[1]!;
  expect(openNote(note + line(two, "other\n"), [one.key])).toBe("text\n");
  expect(openNote(note + line(two, "other\n"), [one.key, two.key])).toBeNull();
  expect(openNote(note + line(two, "text\n"), [one.key, two.key])).toBe("text\n");
});

test.each([
  ["nothing", ""],
  ["no signature", "text\n"],
  ["a signature line that is none", "text\n\nsigned by me\n"],
  ["a signature that is no base64", "text\n\n\u2014 a/one ?!\n"],
  ["a signature of four bytes", "text\n\n\u2014 a/one AAAAAA==\n"],
  ["a hyphen for the dash", NOTE.replace("\u2014", "-")],
  ["no newline at the end", NOTE.slice(0, -1)],
  ["a control character", NOTE.replace("This", "\tThis")],
  ["carriage returns", NOTE.replaceAll("\n", "\r\n")],
])("%s is no note", (_, note) => {
  expect(() => openNote(note, [decodeNoteKey(VKEY)])).toThrow(expect.objectContaining({ code: "malformed" }));
});

test("a note that is too long is not read", () => {
  expect(() => openNote(`${"x".repeat(70_000)}\n${NOTE}`, [])).toThrow(
    expect.objectContaining({ code: "too_large" }),
  );
});

test.each([
  "",
  "example.com/foo",
  VKEY.replace("530d903a", "530d903b"),
  VKEY.replace("+Aek", "+Bek"),
  VKEY.slice(0, -4),
  VKEY.replace("example.com/foo", "example.com/bar"),
  VKEY.replace("/foo", " foo"),
])("%j is no key", (text) => {
  expect(() => decodeNoteKey(text)).toThrow(expect.objectContaining({ code: "malformed" }));
});

test("a key's name has no spaces and no plus", () => {
  for (const name of ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\u2028b"])
    expect(() => noteKey(name, Buffer.alloc(32)), name).toThrow(
      expect.objectContaining({ code: "malformed" }),
    );
  expect(() => noteKey("a", Buffer.alloc(31))).toThrow(expect.objectContaining({ code: "malformed" }));
});

test("a text that no note can hold is not signed", () => {
  const one = signer("a/one");
  for (const text of ["", "no newline", "tab\t\n", "\ud800\n"])
    expect(() => signNote(text, one.key, one.sign)).toThrow(expect.objectContaining({ code: "malformed" }));
});
