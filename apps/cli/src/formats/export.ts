import { writeNew } from "../files.ts";
import { folderOf, onePlace, readAll, whichSecrets } from "../inject/read-all.ts";
import { asVariables, openVariables } from "../inject/variables.ts";
import { findPlace, type PlaceOptions } from "../place/place.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";
import { FORMATS, type Format } from "./formats.ts";

export interface ExportOptions extends PlaceOptions {
  format: Format;
  path?: string;
  only?: readonly string[];
  file?: string;
  plain?: boolean;
  json?: boolean;
}

/** Writes the place's secrets down in one of the usual formats: into a pipe, or a file that only its owner can read. */
export async function exportSecrets(terminal: Terminal, options: ExportOptions): Promise<number> {
  if (terminal.outIsTerminal && options.file === undefined && !options.plain)
    throw new CommandError(
      EXIT.usage,
      "The values would stand on the screen. Say so with --plain, or write them into a file with --file.",
    );
  const place = await onePlace(await findPlace(terminal, options));
  const secrets = await whichSecrets(place, options);
  const read = await readAll(
    place,
    secrets.map(({ name }) => name),
  );
  const { variables } = asVariables(read, {
    folder: options.path === undefined ? "" : folderOf(options.path),
    named: true,
  });
  const text = FORMATS[options.json ? "json" : options.format](
    Object.entries(openVariables(variables)).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  if (options.file === undefined) {
    (terminal.outAsIs ?? terminal.out)(text);
    return EXIT.done;
  }
  await writeNew(options.file, text);
  terminal.err(
    `Wrote ${read.length} secrets into ${options.file}. Only you can read it; delete it when it is used.\n`,
  );
  return EXIT.done;
}
