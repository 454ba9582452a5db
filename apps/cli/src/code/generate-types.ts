import { writeOpen } from "../files.ts";
import { onePlace, whichSecrets } from "../inject/read-all.ts";
import { findPlace, type PlaceOptions } from "../place/place.ts";
import { EXIT, type Terminal } from "../terminal.ts";

export interface GenerateOptions extends PlaceOptions {
  path?: string;
  file?: string;
}

/** A TypeScript module that declares the place's secrets by their names: no value is read for it. */
export async function generateTypes(terminal: Terminal, options: GenerateOptions): Promise<number> {
  const place = await onePlace(await findPlace(terminal, options));
  const secrets = await whichSecrets(place, options);
  return write(terminal, options.file, typesOf(secrets.map(({ name }) => name)));
}

/** The module's text. */
function typesOf(names: readonly string[]): string {
  const lines = [...names].sort().map((name) => `  ${property(name)}: z.string(),\n`);
  return `// Made by "keyfold generate-types". Narrow a schema where you know more of a value, such as z.url().
import { defineSecrets, type SecretsOf } from "@keyfold/client";
import { z } from "zod";

export const secrets = defineSecrets({
${lines.join("")}});

export type Secrets = SecretsOf<typeof secrets>;
`;
}

const property = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

/** Onto standard output, or into a file that is made anew each time. */
export async function write(terminal: Terminal, file: string | undefined, text: string): Promise<number> {
  if (file === undefined) {
    terminal.out(text);
    return EXIT.done;
  }
  await writeOpen(file, text);
  terminal.err(`Wrote ${file}.\n`);
  return EXIT.done;
}
