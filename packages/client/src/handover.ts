/**
 * How the panel hands a token to the command line that asked for it in the browser: sealed to a key that only that command
 * holds, so that neither the address that carries it nor what a person pastes is worth anything to anybody else.
 *
 * The command makes a P-256 key pair, and the panel another one for this once; ECDH, then HKDF-SHA-256 (RFC 5869) over both public
 * keys gives an AES-256-GCM key that is used for one message, with a nonce of zeros. The server's origin is authenticated with
 * it. What is handed over is `base64url(the panel's public key, 65 bytes ‖ ciphertext ‖ tag)`. WebCrypto does all of it.
 */

const CURVE = { name: "ECDH", namedCurve: "P-256" } as const;
// Named as WebCrypto gives it: not every runtime's types have a global for it.
type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;
const POINT_BYTES = 65;
const INFO = "keyfold cli login v1";
const ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/** Longer ones hold no token, in characters. */
const LONGEST = 4096;

/** A command's key pair: its public half goes into an address. */
export interface Handover {
  readonly publicKey: string;
  /** @returns null for what was not sealed for this very command and server */
  open(sealed: string, origin: string): Promise<string | null>;
}

export async function beginHandover(): Promise<Handover> {
  const pair = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const own = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return {
    publicKey: toBase64Url(own),
    async open(sealed, origin) {
      const bytes = fromBase64Url(sealed);
      if (bytes === null || bytes.length <= POINT_BYTES) return null;
      try {
        const theirs = bytes.slice(0, POINT_BYTES);
        const key = await keyOf(pair.privateKey, theirs, theirs, own);
        const text = await crypto.subtle.decrypt(sealing(origin), key, bytes.slice(POINT_BYTES));
        return new TextDecoder("utf-8", { fatal: true }).decode(text);
      } catch {
        return null; // a point that is none, another key, another server, or a byte that was changed
      }
    },
  };
}

/** Seals a token for the command that holds the other half of this key. @throws Error where it is no such key */
export async function sealFor(publicKey: string, token: string, origin: string): Promise<string> {
  const theirs = fromBase64Url(publicKey);
  if (theirs?.length !== POINT_BYTES) throw new Error("it is no public key");
  const once = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const own = new Uint8Array(await crypto.subtle.exportKey("raw", once.publicKey));
  const key = await keyOf(once.privateKey, theirs, own, theirs);
  const text = new TextEncoder().encode(token);
  const sealed = new Uint8Array(await crypto.subtle.encrypt(sealing(origin), key, text));
  return toBase64Url(joined(own, sealed));
}

/** What the terminal and the panel both show: the same eight characters, where both mean the same key and server. */
export async function codeOf(publicKey: string, origin: string): Promise<string> {
  const bytes = new TextEncoder().encode(`${INFO}\n${origin}\n${publicKey}`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const code = [...digest.subarray(0, 8)].map((byte) => ALPHABET[byte % 32]).join("");
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

/** Whether it has the form of a command's public key. */
export const isHandoverKey = (text: string): boolean => fromBase64Url(text)?.length === POINT_BYTES;

async function keyOf(
  own: Key,
  other: Uint8Array<ArrayBuffer>,
  sender: Uint8Array<ArrayBuffer>,
  receiver: Uint8Array<ArrayBuffer>,
): Promise<Key> {
  const point = await crypto.subtle.importKey("raw", other, CURVE, false, []);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: point }, own, 256);
  const secret = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const info = joined(new TextEncoder().encode(INFO), joined(sender, receiver));
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info },
    secret,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

// The key is used for one message: the nonce need not differ.
const sealing = (origin: string) => ({
  name: "AES-GCM",
  iv: new Uint8Array(12),
  tagLength: 128,
  additionalData: new TextEncoder().encode(origin),
});

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(one.length + other.length);
  all.set(one);
  all.set(other, one.length);
  return all;
}

const toBase64Url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length > LONGEST || !/^[A-Za-z0-9_-]+$/.test(text) || text.length % 4 === 1) return null;
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}
