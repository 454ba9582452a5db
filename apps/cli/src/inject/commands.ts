import { type Command, Option } from "commander";
import { examples } from "../examples.ts";
import type { Format } from "../formats/formats.ts";
import { names, placed } from "../place/options.ts";
import type { Terminal } from "../terminal.ts";

// Spelt here, so that the formats themselves are loaded only where one is used.
const FORMAT_NAMES = [
  "dotenv",
  "json",
  "yaml",
  "shell",
  "docker",
  "k8s",
] as const satisfies readonly Format[];

/** `keyfold run` and `keyfold export`: secrets for programs. */
export function addInject(program: Command, terminal: Terminal, end: (exit: number) => void): void {
  placed(program.command("run"))
    .description("run a command with the secrets in its environment")
    .argument("[command...]", "the command, after --")
    .option("--path <folder>", "only the secrets of this folder, named without it")
    .option("--only <names>", "only these, e.g. A,B", names)
    .option("--watch", "start it again when a secret changes (SIGTERM, after 10 seconds SIGKILL)")
    .option("--fallback", "where the server does not answer, start with the last copies of what --only names")
    .option("--redact", "mask the secrets in what it prints")
    .addHelpText(
      "after",
      `${examples("keyfold run -- node server.js", "keyfold run -e prod --only DB_URL -- ./migrate")}

Exit codes: the command's own; 126 where it cannot be run, 127 where there is none such.`,
    )
    .action(async (command, options) =>
      end(await (await import("./run.ts")).runCommand(terminal, command, options)),
    );
  placed(program.command("export"))
    .description("write secrets down in one of the usual formats")
    .addOption(new Option("--format <format>", "how").choices(FORMAT_NAMES).default("dotenv"))
    .option("--path <folder>", "only the secrets of this folder, named without it")
    .option("--only <names>", "only these, e.g. A,B", names)
    .option("-f, --file <path>", "into a new file that only you can read")
    .option("--plain", "show them on the screen")
    .option("--json", "the same as --format json")
    .addHelpText(
      "after",
      examples("keyfold export --format k8s | kubectl apply -f -", "keyfold export --file .env"),
    )
    .action(async (options) =>
      end(await (await import("../formats/export.ts")).exportSecrets(terminal, options)),
    );
}
