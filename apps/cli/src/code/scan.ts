import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { onePlace, readAll, whichSecrets } from "../inject/read-all.ts";
import { findPlace, type PlaceOptions } from "../place/place.ts";
import { printable } from "../table.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";
import { blobs, whereWas } from "./git-objects.ts";
import { Needles } from "./needles.ts";

export interface ScanOptions extends PlaceOptions {
  history?: boolean;
  json?: boolean;
}

export interface Finding {
  name: string;
  /** A file, or a commit and a file. */
  where: string;
  line: number;
}

const PASSED_BY: ReadonlySet<string> = new Set([".git", "node_modules", ".turbo", ".venv"]);
/** Larger files are no source, in bytes. */
const LARGEST = 32 * 1024 * 1024;

/**
 * Looks for the place's values in a folder's files and, with `--history`, in everything its repository ever held.
 * Names and places are said, never values. Ends with 1 where one was found.
 */
export async function scan(terminal: Terminal, folder: string, options: ScanOptions): Promise<number> {
  const place = await onePlace(await findPlace(terminal, options));
  const there = await stat(folder).catch(() => null);
  if (!there?.isDirectory()) throw new CommandError(EXIT.usage, `${folder} is no folder.`);
  const read = await readAll(
    place,
    (await whichSecrets(place, {})).map(({ name }) => name),
  );
  const needles = new Needles(read.map(({ name, value }) => ({ name, bytes: value.unsafelyBytes() })));
  const found: Finding[] = [];
  let files = 0;
  for await (const path of filesOf(folder)) {
    const content = await readFile(path).catch(() => null);
    if (content === null) continue;
    files++;
    for (const { name, line } of needles.in(content))
      found.push({ name, where: relative(folder, path), line });
  }
  if (options.history) found.push(...(await inHistory(folder, needles, terminal.env)));
  if (options.json) terminal.out(`${JSON.stringify({ files, found, tooShort: needles.tooShort })}\n`);
  else report(terminal, files, found, needles.tooShort);
  return found.length === 0 ? EXIT.done : EXIT.failed;
}

async function* filesOf(folder: string): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!PASSED_BY.has(entry.name)) yield* filesOf(path);
    } else if (entry.isFile() && (await stat(path).catch(() => ({ size: LARGEST + 1 }))).size <= LARGEST)
      yield path;
  }
}

async function inHistory(folder: string, needles: Needles, env: Terminal["env"]): Promise<Finding[]> {
  const found: Finding[] = [];
  try {
    for await (const { id, content } of blobs(folder, env)) {
      const hits = needles.in(content);
      if (hits.length === 0) continue;
      const was = await whereWas(folder, id, env);
      const where = was === null ? `git object ${id.slice(0, 12)}` : `${was.path} in commit ${was.commit}`;
      for (const { name, line } of hits) found.push({ name, where, line });
    }
  } catch {
    throw new CommandError(EXIT.usage, "There is no git here to read the history with.");
  }
  return found;
}

function report(
  terminal: Terminal,
  files: number,
  found: readonly Finding[],
  tooShort: readonly string[],
): void {
  for (const { name, where, line } of found) terminal.out(`${name}  ${printable(where)}:${line}\n`);
  if (tooShort.length > 0)
    terminal.err(`Not looked for, since they are too short: ${tooShort.join(", ")}.\n`);
  terminal.err(
    found.length === 0
      ? `No value of these secrets stands in ${files} files.\n`
      : `Found ${found.length}. What was committed or shared is to be rotated: keyfold rotate NAME\n`,
  );
}
