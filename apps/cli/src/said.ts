import type { Command } from "commander";
import type { Terminal } from "./terminal.ts";

/** What has no answer of its own to print: a command's output, and a script. */
const WITHOUT: ReadonlySet<string> = new Set(["run", "completion"]);

/**
 * Gives `--json` to every command that has no JSON of its own: what it says on standard output comes as one line,
 * `{"exit":0,"said":["…"]}`.
 * @returns the terminal that commands shall use, and what ends it
 */
export function sayingJson(given: Terminal): {
  terminal: Terminal;
  offer(program: Command): void;
  finish(exit: number): void;
} {
  const plain = new Set<Command>();
  let said: string[] | null = null;
  return {
    terminal: { ...given, out: (text) => (said === null ? given.out(text) : void said.push(text)) },
    offer(program) {
      for (const command of leaves(program)) {
        if (WITHOUT.has(command.name()) || command.options.some(({ long }) => long === "--json")) continue;
        command.option("--json", "print what it says as JSON");
        plain.add(command);
      }
      program.hook("preAction", (_, command) => {
        if (plain.has(command) && command.opts().json === true) said = [];
      });
    },
    finish(exit) {
      if (said === null) return;
      const lines = said.join("").replace(/\n$/, "").split("\n");
      given.out(`${JSON.stringify({ exit, said: lines[0] === "" && lines.length === 1 ? [] : lines })}\n`);
    },
  };
}

const leaves = (command: Command): Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
