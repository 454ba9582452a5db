import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { commandLine, type Said } from "./command-line.ts";

/**
 * Types the `keyfold` lines of a page's shell blocks, as they stand there.
 * @param folder where the files are that the lines name, as a person would be in it
 * @param set what a person puts into the variables that a block exports; each must be one of these
 * @returns what each said
 */
export async function typePage(
  page: URL,
  { folder, env, set }: { folder: string; env: Record<string, string>; set: Record<string, string> },
): Promise<(Said & { line: string })[]> {
  const said = [];
  const given = { ...env };
  for (const [, block] of (await readFile(page, "utf8")).matchAll(/^```sh\n([\s\S]*?)^```/gm))
    for (const line of block!.trim().split("\n")) {
      if (line.startsWith("export "))
        for (const [, name] of line.matchAll(/\b([A-Z][A-Z0-9_]+)=/g)) {
          if (set[name!] === undefined) throw new Error(`${name} is nothing that a person could set here`);
          given[name!] = set[name!]!;
        }
      if (!line.startsWith("keyfold ")) continue;
      const words = line.split(" ").slice(1);
      const argv = words.map((word, i) =>
        ["--key-file", "--map", "--report"].includes(words[i - 1]!) ||
        /^(\.env|\w+\.(json|ya?ml|csv))$/.test(word)
          ? join(folder, word)
          : word,
      );
      const { exit, out, err } = await commandLine(argv, { env: given });
      said.push({ line, exit, out, err });
    }
  return said;
}
