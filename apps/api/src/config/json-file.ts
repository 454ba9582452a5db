import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import type { z } from "zod";
import { StartError } from "../start/start-error.ts";

/** A JSON file that a setting names, read. */
export interface SettingsFile<T> {
  readonly holds: T;
  /** What is wrong with it, in words that follow its name; quotes nothing of what it holds. */
  wrong(what: string): StartError;
  /** Where a path that stands in it leads: from the file itself. */
  resolve(path: string): string;
  /** A credential in a file of its own. @throws StartError where it cannot be read, or is empty */
  credential(path: string): Promise<string>;
}

/**
 * Reads a JSON file that a setting names.
 * @param about.hint what every complaint ends with: a sentence, such as where an example stands
 * @throws StartError that quotes nothing of what the file holds
 */
export async function readSettingsFile<T>(
  file: string,
  shape: z.ZodType<T>,
  about: { setting: string; hint?: string },
): Promise<SettingsFile<T>> {
  const hint = about.hint === undefined ? "" : ` ${about.hint}`;
  const wrong = (what: string) => new StartError(`${about.setting} names ${file}, ${what}.${hint}`);
  const read = (path: string, what: string) =>
    readFile(path, "utf8").catch(() => {
      throw wrong(what);
    });
  const text = await read(file, "which cannot be read");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw wrong("which is no JSON");
  }
  const parsed = shape.safeParse(json);
  if (!parsed.success)
    throw wrong(`and what it holds at "${parsed.error.issues[0]!.path.join(".")}" is not right`);
  const resolve = (path: string) => (isAbsolute(path) ? path : join(dirname(file), path));
  return {
    holds: parsed.data,
    wrong,
    resolve,
    async credential(path) {
      const at = resolve(path);
      const held = (await read(at, `which names a credential's file, ${at}, that cannot be read`)).trim();
      if (held === "") throw wrong(`which names a credential's file, ${at}, that is empty`);
      return held;
    },
  };
}
