import type { Command } from "commander";
import { examples } from "../examples.ts";
import { placed } from "../place/options.ts";
import type { Terminal } from "../terminal.ts";

/** The commands that a developer runs in a repository. */
export function addCode(program: Command, terminal: Terminal, end: (exit: number) => void): void {
  placed(program.command("generate-types"))
    .description("write a typed module from the secrets' names")
    .option("--path <folder>", "only names that begin so")
    .option("-f, --file <path>", "into a file")
    .addHelpText("after", examples("keyfold generate-types --file src/secrets.ts"))
    .action(async (options) =>
      end(await (await import("./generate-types.ts")).generateTypes(terminal, options)),
    );
  placed(program.command("generate-example-env"))
    .description("write a .env file with every name and no value")
    .option("--path <folder>", "only names that begin so")
    .option("-f, --file <path>", "into a file")
    .addHelpText("after", examples("keyfold generate-example-env --file .env.example"))
    .action(async (options) =>
      end(await (await import("./generate-example-env.ts")).generateExampleEnv(terminal, options)),
    );
  placed(program.command("scan"))
    .description("look for the secrets' values in a folder; exit code 1: one was found")
    .argument("[folder]", "where to look", ".")
    .option("--history", "also in everything that its git repository ever held")
    .option("--json", "print what was found as JSON")
    .addHelpText("after", examples("keyfold scan --history"))
    .action(async (folder, options) =>
      end(await (await import("./scan.ts")).scan(terminal, folder, options)),
    );
}
