import { LedgerError } from "./error.ts";

/** Longest string in an event, in bytes of UTF-8. */
export const MAX_STRING_BYTES = 2_048;

/** Anything but the printable ASCII characters that JSON writes as they are. */
const NEEDS_CARE = /[^ !#-[\]-~]/;

/** Whether JSON writes a text as it is, a byte for each of its characters. */
export const isPlain = (text: string): boolean => !NEEDS_CARE.test(text);

/**
 * A string as RFC 8785 (§3.2.2.2) writes it, quotes included. That is what `JSON.stringify` writes, except
 * that lone surrogates are refused: they have no UTF-8, and two of them would become the same bytes.
 * Nothing is normalized, so NFC and NFD spellings of a name stay two different names.
 *
 * @throws LedgerError `malformed` (not a string, lone surrogate), `too_large` (over 2,048 bytes of UTF-8)
 */
export function quote(text: unknown, field: string): string {
  if (typeof text !== "string") throw new LedgerError("malformed", `${field} must be a string`);
  if (text.length > MAX_STRING_BYTES) throw tooLong(field);
  // Most strings of an event are plain ASCII: one test answers for escapes, surrogates and length at once.
  if (isPlain(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new LedgerError("malformed", `${field} holds a lone surrogate`);
  if (Buffer.byteLength(text) > MAX_STRING_BYTES) throw tooLong(field);
  return JSON.stringify(text);
}

/** As {@link quote}, with `null` allowed. */
export function quoteOrNull(text: unknown, field: string): string {
  return text === null ? "null" : quote(text, field);
}

/**
 * Makes a caller's free text (a user agent, say) fit for an event: lone surrogates become U+FFFD, and what is
 * over `maxBytes` bytes of UTF-8 is cut off between two characters. An event that is refused refuses the read
 * it belongs to, so text that a stranger chooses passes through here first.
 */
export function fitText(text: string, maxBytes: number = MAX_STRING_BYTES): string {
  // A UTF-16 unit takes at most three bytes.
  if (text.length * 3 <= maxBytes) return text.toWellFormed();
  const wellFormed = text.slice(0, maxBytes).toWellFormed();
  const bytes = Buffer.from(wellFormed);
  if (bytes.length <= maxBytes) return wellFormed;
  let end = maxBytes;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end -= 1;
  return bytes.toString("utf8", 0, end);
}

function tooLong(field: string): LedgerError {
  return new LedgerError("too_large", `${field} is longer than ${MAX_STRING_BYTES} bytes`);
}
