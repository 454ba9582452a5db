import type { Command } from "commander";
import { examples } from "../examples.ts";
import type { Terminal } from "../terminal.ts";

/** `keyfold operator …`: on the host, with the server's own settings. */
export function addOperator(program: Command, terminal: Terminal, end: (exit: number) => void): void {
  program
    .command("operator")
    .description("who runs the deployment; on the host, with the server's settings")
    .command("reset")
    .description("print a one-time link that gives an operator a new password, or makes a first one")
    .argument("<email>", "whose")
    .addHelpText("after", examples("keyfold operator reset ada@example.com"))
    .action(async (email) => end(await (await import("./reset.ts")).reset(terminal, email)));
}
