/** A new idempotency key: one per form that was opened, so that sending it twice makes one thing. 128 random bits. */
export function freshKey(): string {
  // Not randomUUID, which browsers withhold from plain-http pages.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
