import { readdir, readFile } from "node:fs/promises";
import { Command } from "commander";
import { expect, test } from "vitest";
import { addSecrets } from "../secrets/commands.ts";
import type { Terminal } from "../terminal.ts";
import { addImport } from "./commands.ts";

const DOCS = new URL("../../../../docs/migrate/", import.meta.url);

/** Every command that the pages tell a person to type, with the page. */
async function told(): Promise<[page: string, line: string][]> {
  const lines: [string, string][] = [];
  for (const page of (await readdir(DOCS)).filter((name) => name.endsWith(".md"))) {
    const blocks = (await readFile(new URL(page, DOCS), "utf8")).matchAll(/^```sh\n([\s\S]*?)^```/gm);
    for (const [, block] of blocks)
      for (const line of block!.replaceAll("\\\n", " ").split("\n"))
        if (line.startsWith("keyfold ")) lines.push([page, line]);
  }
  return lines;
}

test("every command of docs/migrate is one that there is, with options that it has", async () => {
  const lines = await told();
  expect(new Set(lines.map(([page]) => page)).size).toBeGreaterThanOrEqual(9);
  for (const [page, line] of lines) {
    const program = new Command("keyfold");
    addImport(program, {} as Terminal, () => {});
    addSecrets(program, {} as Terminal, () => {});
    let ran = 0;
    for (const command of [program, ...program.commands])
      command.exitOverride().configureOutput({ writeErr: () => {} });
    for (const command of program.commands) command.action(() => void ran++);
    // Spaces within quotes and variables are nothing that these lines have.
    const typed = line
      .split(" #")[0]!
      .split(/\s+/)
      .slice(1)
      .filter((word) => word !== "");
    const problem = await program.parseAsync(typed, { from: "user" }).catch((error: Error) => error.message);
    expect([page, line, typeof problem === "string" ? problem : "", ran]).toEqual([page, line, "", 1]);
  }
});
