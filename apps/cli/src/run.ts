import { Command, CommanderError } from "commander";
import { addKeys } from "./keys/keys.ts";
import { CommandError, EXIT, type Terminal } from "./terminal.ts";

/** Runs one command line. @returns the exit code */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  let exit: number = EXIT.done;
  const program = new Command("keyfold")
    .description("Keyfold's command line.")
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .addHelpText(
      "after",
      `
Environment:
  KEYFOLD_URL    where the server is, e.g. https://secrets.example.com
  KEYFOLD_TOKEN  an operator's token

Exit codes: 0 done, 1 refused or stopped, 2 a wrong command line or setting, 3 the server does not answer.`,
    )
    .exitOverride();
  addKeys(program, terminal, (code) => {
    exit = code;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (error instanceof CommandError) {
      terminal.err(`${error.message}\n`);
      return error.exit;
    }
    throw error;
  }
}
