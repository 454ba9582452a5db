import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { extname, join, sep } from "node:path";

/** One file of a folder, in memory. */
export interface StaticFile {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
  /** Whether its name changes with its content, so that it may be kept for ever. */
  readonly immutable: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

/**
 * Reads a folder of files, once: an address is then a key of this map and never becomes a path.
 * @returns by path from the folder, with "/" between and before; null where there is no such folder
 */
export function readFiles(folder: string): ReadonlyMap<string, StaticFile> | null {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  } catch {
    return null;
  }
  const files = new Map<string, StaticFile>();
  for (const entry of entries) {
    if (!entry.isFile() || TYPES[extname(entry.name)] === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const key = `/${path.slice(folder.length).split(sep).filter(Boolean).join("/")}`;
    files.set(key, readStatic(folder, key));
  }
  return files;
}

/** Reads one file of a folder. @param key its path from the folder, with "/" between and before: never an address that was sent */
export function readStatic(folder: string, key: string): StaticFile {
  // Vite's names: index-DHc0mR1d.js
  const immutable = key.startsWith("/assets/") && /-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/.test(key);
  return { body: new Uint8Array(readFileSync(join(folder, key))), type: TYPES[extname(key)]!, immutable };
}

/** A file as an answer; what a build named by its content may be kept for ever. */
export function fileResponse(file: StaticFile): Response {
  return new Response(file.body, {
    headers: {
      "content-type": file.type,
      "cache-control": file.immutable ? "public, max-age=31536000, immutable" : "no-store",
    },
  });
}
