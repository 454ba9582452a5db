/**
 * The bytes of a base64 text in its one spelling (RFC 4648, 3.5): `Buffer` by itself passes over much, and bits that mean
 * nothing are none that somebody may change.
 * @returns null for any other text
 */
export function base64Of(text: string): Buffer | null {
  const decoded = Buffer.from(text, "base64");
  return decoded.toString("base64") === text ? decoded : null;
}
