import type { NewValue } from "./new-value.ts";

/** A file's content as a value: as text where it is text, else as base64 of its bytes. It stays in memory only. */
export async function valueInFile(file: Blob): Promise<NewValue> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!text.includes("\0")) return { value: text, encoding: "utf8" };
  } catch {
    // Bytes, then.
  }
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192)
    binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return { value: btoa(binary), encoding: "base64" };
}

/** What a value looks like, where it looks like JSON at all. */
export function jsonState(text: string): "valid" | "broken" | null {
  if (!/^\s*[{[]/.test(text)) return null;
  try {
    JSON.parse(text);
    return "valid";
  } catch {
    return "broken";
  }
}
