import { valueInvalid } from "./declare.ts";
import type { SecretValue, Wire } from "./secret-value.ts";

/** A value as the wire carries it: text as it is, bytes as base64. */
export function toWire(value: string | Uint8Array): Wire {
  if (typeof value === "string") return { value, encoding: "utf8" };
  let binary = "";
  // In pieces: an argument list has a length limit.
  for (let at = 0; at < value.length; at += 8192)
    binary += String.fromCharCode(...value.subarray(at, at + 8192));
  return { value: btoa(binary), encoding: "base64" };
}

/** A value's bytes, for who asked for them. */
export const bytesOf = (value: SecretValue): Uint8Array<ArrayBuffer> => decoded(value.unsafelyWire());

function decoded({ value, encoding }: Wire): Uint8Array<ArrayBuffer> {
  if (encoding === "utf8") return new TextEncoder().encode(value);
  const binary = atob(value);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/**
 * A value as text, for who asked for it, however the wire carried it.
 * @throws KeyfoldClientError `value_invalid` for bytes that are no UTF-8
 */
export const textOf = (name: string, value: SecretValue): string => wireText(name, value.unsafelyWire());

/** `textOf` of what is about to be written. */
export function wireText(name: string, wire: Wire): string {
  if (wire.encoding === "utf8") return wire.value;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(decoded(wire));
  } catch {
    throw valueInvalid(name, "is bytes and not text: read it with getBytes");
  }
}
