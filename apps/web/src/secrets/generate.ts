/** A value made here, by the browser's own random numbers: 256 bits, whichever way it is written. */
export interface Generator {
  id: "base64url" | "hex" | "password" | "uuid";
  make(): string;
}

const bytes = (count: number): Uint8Array => crypto.getRandomValues(new Uint8Array(count));
const hex = (of: Uint8Array): string => Array.from(of, (byte) => byte.toString(16).padStart(2, "0")).join("");
const base64url = (of: Uint8Array): string =>
  btoa(String.fromCharCode(...of))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

/** No two that look alike, and nothing that a shell or an address would take for its own. */
const SIGNS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_.~";

/** Each sign as likely as any other: bytes beyond the last whole multiple are thrown away. */
function password(length: number): string {
  const most = 256 - (256 % SIGNS.length);
  let made = "";
  while (made.length < length)
    for (const byte of bytes(64)) if (byte < most && made.length < length) made += SIGNS[byte % SIGNS.length];
  return made;
}

export const GENERATORS: readonly Generator[] = [
  { id: "base64url", make: () => base64url(bytes(32)) },
  { id: "hex", make: () => hex(bytes(32)) },
  // 44 of 62 signs: 261 bits.
  { id: "password", make: () => password(44) },
  { id: "uuid", make: () => crypto.randomUUID() },
];
