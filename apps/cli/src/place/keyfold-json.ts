import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CommandError, EXIT } from "../terminal.ts";

/** What a `keyfold.json` says: where the secrets of this folder are. Never a secret itself. */
export interface FolderSettings {
  url?: string;
  tenant?: string;
  project?: string;
  environment?: string;
}

export const FILE_NAME = "keyfold.json";
const FIELDS = ["url", "tenant", "project", "environment"] as const;

/**
 * What the nearest `keyfold.json` says, completed by those of the folders above it up to the repository's root: a
 * package of a monorepo says only what is its own.
 * @throws CommandError that names the file, for one that is no such thing
 */
export async function folderSettings(cwd: string): Promise<FolderSettings> {
  const above = await settingsAbove(cwd);
  return { ...above, ...(await read(join(cwd, FILE_NAME))) };
}

/** What the folders above this one say: nothing, where it is the repository's root. */
export async function settingsAbove(cwd: string): Promise<FolderSettings> {
  const isRoot = await stat(join(cwd, ".git")).then(
    () => true,
    () => false,
  );
  return isRoot || dirname(cwd) === cwd ? {} : folderSettings(dirname(cwd));
}

async function read(path: string): Promise<FolderSettings> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw new CommandError(EXIT.usage, `${path} cannot be read (${error.code}).`);
  });
  if (text === null) return {};
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new CommandError(EXIT.usage, `${path} is not JSON.`);
  }
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new CommandError(EXIT.usage, `${path} is not an object of settings.`);
  for (const [name, value] of Object.entries(json)) {
    if (name === "$schema") continue;
    // A token in a file that is committed is the very thing that this program is for.
    if (!(FIELDS as readonly string[]).includes(name))
      throw new CommandError(
        EXIT.usage,
        `${path} holds a setting that is not known there. It takes ${FIELDS.join(", ")}, and no secret.`,
      );
    if (typeof value !== "string" || value === "")
      throw new CommandError(EXIT.usage, `${path}: ${name} is not text.`);
  }
  const { $schema: _, ...settings } = json as FolderSettings & { $schema?: string };
  return settings;
}
