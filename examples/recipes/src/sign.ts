/** HMAC-SHA-256 in hex, with WebCrypto: the same on a server and on the edge. */
export async function sign(key: string, text: string): Promise<string> {
  const utf8 = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", utf8.encode(key), algorithm, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", imported, utf8.encode(text));
  return [...new Uint8Array(mac)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
