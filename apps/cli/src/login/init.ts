import { join } from "node:path";
import { writeNewOpen, writeOpen } from "../files.ts";
import { FILE_NAME, folderSettings, settingsAbove } from "../place/keyfold-json.ts";
import { checkedUrl, type PlaceOptions } from "../place/place.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";

/** Writes `keyfold.json` here: only what the folders above do not say already. It holds no secret. */
export async function init(terminal: Terminal, options: PlaceOptions & { force?: boolean }): Promise<number> {
  const cwd = terminal.cwd ?? ".";
  const above = await settingsAbove(cwd);
  const here = await folderSettings(cwd);
  const { env } = terminal;
  const wanted = {
    url: checkedUrl(options.url ?? (env.KEYFOLD_URL || here.url)),
    tenant: options.tenant ?? (env.KEYFOLD_TENANT || undefined),
    project: options.project ?? (env.KEYFOLD_PROJECT || undefined),
    environment: options.env ?? (env.KEYFOLD_ENVIRONMENT || undefined),
  };
  const own = Object.fromEntries(
    Object.entries(wanted).filter(
      ([name, value]) => value !== undefined && above[name as keyof typeof above] !== value,
    ),
  );
  const path = join(cwd, FILE_NAME);
  const text = `${JSON.stringify(own, null, 2)}\n`;
  if (options.force) await writeOpen(path, text);
  else if (!(await writeNewOpen(path, text)))
    throw new CommandError(
      EXIT.failed,
      `There is a ${FILE_NAME} here already. Change it by hand, or write it anew with --force.`,
    );
  terminal.out(`Wrote ${path}. It holds no secret: commit it.\n`);
  return EXIT.done;
}
