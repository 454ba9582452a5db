import { Command } from "commander";
import { expect, test } from "vitest";
import { COMMANDS } from "./run.ts";
import type { Terminal } from "./terminal.ts";
import { commandLine } from "./testing/command-line.ts";

const leaves = (command: Command): Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
const pathOf = (command: Command): string[] =>
  command.parent === null ? [] : [...pathOf(command.parent), command.name()];

/** Every command, none of which does anything. */
function commands(ran: () => void): Command {
  const program = new Command("keyfold");
  for (const add of COMMANDS) add(program, {} as Terminal, () => {});
  const quiet = (command: Command) => {
    command.exitOverride().configureOutput({ writeErr: () => {} });
    for (const one of command.commands) quiet(one);
  };
  quiet(program);
  for (const leaf of leaves(program)) leaf.action(ran);
  return program;
}

/** The words of what a shell would give to the one keyfold in a line. */
function wordsOf(line: string): string[] {
  const command = /(?:^|[|&] *)keyfold ((?:'[^']*'|"[^"]*"|[^|<>&])*)/.exec(line)?.[1] ?? "";
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, one, two, three]) => one ?? two ?? three!,
  );
}

/** What is wrong with a line of help, as the command itself would say it; "" where nothing is. */
async function problemOf(line: string): Promise<string> {
  let ran = 0;
  const said = await commands(() => void ran++)
    .parseAsync(wordsOf(line), { from: "user" })
    .then(
      () => "",
      (error: Error) => error.message,
    );
  return said === "" && ran !== 1 ? "it runs no command" : said;
}

test("every command's help ends with examples, each a line that the command takes", async () => {
  const every = leaves(commands(() => {})).map(pathOf);
  expect(every.length).toBeGreaterThan(40);
  const problems: string[] = [];
  for (const path of every) {
    const { exit, out } = await commandLine([...path, "--help"]);
    const lines = [...(out.split("Examples:\n")[1] ?? "").matchAll(/^ {2}\$ (.*)$/gm)].map(
      ([, line]) => line!,
    );
    if (exit !== 0 || lines.length === 0) problems.push(`${path.join(" ")}: no examples`);
    for (const line of lines) {
      const problem = await problemOf(line);
      if (problem !== "") problems.push(`${line}: ${problem}`);
    }
  }
  expect(problems).toEqual([]);
});
