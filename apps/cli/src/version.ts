import { readFile } from "node:fs/promises";

/** This program's version, from its package.json: beside `src`, or two folders above what is packed. */
export async function ownVersion(): Promise<string> {
  for (const path of ["../package.json", "../../package.json"]) {
    const text = await readFile(new URL(path, import.meta.url), "utf8").catch(() => null);
    const { name, version } = JSON.parse(text ?? "{}") as { name?: string; version?: string };
    if (name === "keyfold" && version !== undefined) return version;
  }
  return "unknown";
}
