import { folderOf, onePlace } from "../inject/read-all.ts";
import { variableName } from "../inject/variables.ts";
import { findPlace } from "../place/place.ts";
import { allSecrets } from "../secrets/list.ts";
import { printable } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { type GenerateOptions, write } from "./generate-types.ts";

/** A .env file with every name and no value, for people who come new. */
export async function generateExampleEnv(terminal: Terminal, options: GenerateOptions): Promise<number> {
  const place = await onePlace(await findPlace(terminal, options));
  const prefix = options.path === undefined ? "" : folderOf(options.path);
  const secrets = await allSecrets(place, { ...(prefix === "" ? {} : { prefix }), state: "live" });
  const lines = secrets.map(
    ({ name, description }) =>
      `${description === "" ? "" : `# ${printable(description)}\n`}${variableName(name.slice(prefix.length))}=\n`,
  );
  return write(terminal, options.file, lines.join(""));
}
