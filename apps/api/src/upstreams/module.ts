import { pathToFileURL } from "node:url";
import type { AskedUpstream, SecretSource } from "@keyfold/secrets";

/**
 * A module of the operator's whose default export is a `SecretSource`. It is part of this process from then on, and loaded when
 * the process starts.
 * @param path absolute
 * @returns null where it is none
 */
export async function readModule(
  path: string,
): Promise<((asked: AskedUpstream, signal: AbortSignal) => Promise<Uint8Array | null>) | null> {
  const loaded = (await import(pathToFileURL(path).href).catch(() => null)) as { default?: unknown } | null;
  const source = loaded?.default as Partial<SecretSource> | null | undefined;
  if (typeof source?.read !== "function") return null;
  return async (asked, signal) => {
    const value: unknown = await source.read!(asked, signal);
    if (value === null || value instanceof Uint8Array) return value;
    if (typeof value === "string") return Buffer.from(value, "utf8");
    throw new Error("an upstream's module answered with no value"); // not "there is none"
  };
}
