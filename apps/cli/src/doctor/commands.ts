import { Argument, type Command } from "commander";
import { examples } from "../examples.ts";
import { placed } from "../place/options.ts";
import type { Terminal } from "../terminal.ts";

export function addDoctor(program: Command, terminal: Terminal, end: (exit: number) => void): void {
  placed(program.command("doctor"))
    .description("check address, clock, server and token, and say what to do")
    .option("--json", "print the checks as JSON")
    .addHelpText("after", examples("keyfold doctor --env prod"))
    .action(async (options) => end(await (await import("./doctor.ts")).doctor(terminal, options)));
  program
    .command("completion")
    .description("print a script that completes commands and options in a shell")
    .addArgument(new Argument("<shell>", "which shell").choices(["bash", "zsh", "fish"] as const))
    .addHelpText("after", examples("keyfold completion zsh > ~/.zfunc/_keyfold"))
    .action(async (shell: "bash" | "zsh" | "fish") => {
      const { SHELLS } = await import("./completion.ts");
      terminal.out(SHELLS[shell](program));
    });
}
