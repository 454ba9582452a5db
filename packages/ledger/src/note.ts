import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { base64Of } from "./base64.ts";
import { LedgerError } from "./error.ts";
import { sha256 } from "./merkle.ts";

/*
 * Signed notes, as https://c2sp.org/signed-note writes them: a text, an empty line, and a line per signature.
 *
 *   note      = text ‖ "\n" ‖ signature lines;  text ends with "\n" and holds no control character but "\n"
 *   signature = "— " ‖ key name ‖ " " ‖ base64(key id ‖ 64 bytes of Ed25519 over the text) ‖ "\n"
 *   key id    = the first 4 bytes of SHA-256(key name ‖ "\n" ‖ 0x01 ‖ public key)
 *   vkey      = key name ‖ "+" ‖ key id in hex ‖ "+" ‖ base64(0x01 ‖ public key)
 */

/** Most bytes of a note that is read. */
export const MAX_NOTE_BYTES = 65_536;
/** Most signatures of a note that is read. */
const MAX_SIGNATURES = 100;

const ED25519 = 0x01;
const PUBLIC_BYTES = 32;
const SIGNATURE_BYTES = 64;
const ID_BYTES = 4;
const DASH = "\u2014 ";
const SPKI = Buffer.from("302a300506032b6570032100", "hex"); // RFC 8410 §4, before the key's 32 bytes
const KEY_NAME = /^[^\s+\p{Z}\p{C}]+$/u;

/** A public key that notes are verified with, by name. */
export interface NoteKey {
  name: string;
  /** 4 bytes. */
  id: Buffer;
  /** 32 bytes, RFC 8032. */
  publicKey: Buffer;
}

/** @param publicKey 32 bytes @throws LedgerError `malformed` for a name with spaces or a plus, or another length */
export function noteKey(name: string, publicKey: Uint8Array): NoteKey {
  if (!KEY_NAME.test(name) || !name.isWellFormed())
    throw new LedgerError("malformed", "a key's name is not empty and has neither spaces nor a plus");
  if (publicKey.length !== PUBLIC_BYTES) throw new LedgerError("malformed", "a public key has 32 bytes");
  const key = Buffer.from(publicKey);
  const id = sha256(Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ED25519), key])).subarray(0, ID_BYTES);
  return { name, id, publicKey: key };
}

/** A public key as text, to be kept outside: `name+id+key`. */
export function encodeNoteKey({ name, id, publicKey }: NoteKey): string {
  return `${name}+${id.toString("hex")}+${Buffer.concat([Buffer.of(ED25519), publicKey]).toString("base64")}`;
}

/** @throws LedgerError `malformed` */
export function decodeNoteKey(text: string): NoteKey {
  const [, name, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim()) ?? [];
  const bytes = encoded === undefined ? null : base64Of(encoded);
  if (name === undefined || bytes === null || bytes.length !== 1 + PUBLIC_BYTES || bytes[0] !== ED25519)
    throw new LedgerError("malformed", "this is no public key of a note's signer (name+id+key)");
  const key = noteKey(name, bytes.subarray(1));
  if (key.id.toString("hex") !== id)
    throw new LedgerError("malformed", "the public key and its id do not belong together");
  return key;
}

/**
 * A text with one signature.
 * @param sign Ed25519 (RFC 8032) over the text's bytes, 64 bytes
 * @throws LedgerError `malformed` for a text that no note can hold
 */
export function signNote(text: string, key: NoteKey, sign: (bytes: Buffer) => Buffer): string {
  requireText(text);
  const signature = Buffer.concat([key.id, sign(Buffer.from(text, "utf8"))]);
  return `${text}\n${DASH}${key.name} ${signature.toString("base64")}\n`;
}

/**
 * The text of a note that one of these keys has signed. Signatures of other keys are passed over; one of a known key
 * that does not verify refuses the note, whatever else is there.
 * @returns null where no known key signed it, or a signature does not verify
 * @throws LedgerError `malformed`, `too_large`
 */
export function openNote(note: string, keys: readonly NoteKey[]): string | null {
  if (Buffer.byteLength(note) > MAX_NOTE_BYTES)
    throw new LedgerError("too_large", `a note is longer than ${MAX_NOTE_BYTES} bytes`);
  const split = note.lastIndexOf("\n\n");
  if (split === -1 || !note.endsWith("\n")) throw new LedgerError("malformed", "this is no signed note");
  const text = note.slice(0, split + 1);
  requireText(text);
  const lines = note.slice(split + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) throw new LedgerError("too_large", "a note has too many signatures");
  let verified = false;
  for (const line of lines) {
    const [, name, encoded] = /^\u2014 ([^ ]+) ([^ ]+)$/.exec(line) ?? [];
    const bytes = encoded === undefined ? null : base64Of(encoded);
    if (name === undefined || !KEY_NAME.test(name) || bytes === null || bytes.length <= ID_BYTES)
      throw new LedgerError("malformed", "a note's signature line is no signature");
    const key = keys.find((one) => one.name === name && one.id.equals(bytes.subarray(0, ID_BYTES)));
    if (key === undefined) continue;
    const signature = bytes.subarray(ID_BYTES);
    if (signature.length !== SIGNATURE_BYTES) return null;
    if (!verify(null, Buffer.from(text, "utf8"), ed25519(key.publicKey), signature)) return null;
    verified = true;
  }
  return verified ? text : null;
}

function requireText(text: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a note must not hold
  if (!text.endsWith("\n") || /[\x00-\x09\x0b-\x1f]/.test(text) || !text.isWellFormed())
    throw new LedgerError("malformed", "a note's text ends with a newline and holds no control characters");
}

const ed25519 = (publicKey: Buffer): KeyObject =>
  createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: "der", type: "spki" });
