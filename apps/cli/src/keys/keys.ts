import { type Command, InvalidArgumentError } from "commander";
import type { Terminal } from "../terminal.ts";

/** `keyfold keys …`. Each command's own file is loaded when it is run. */
export function addKeys(program: Command, terminal: Terminal, end: (exit: number) => void): void {
  const keys = program.command("keys").description("make, rotate, verify and retire root keys");
  const paced = (command: Command) =>
    command
      .option("--rate <n>", "most keys per second, so that traffic does not feel it", wholeNumber)
      .option("--json", "print the finished job as JSON");

  keys
    .command("generate")
    .description("make a good root key: 32 random bytes, printed as base64 or kept in a new file")
    .option("--hybrid", "a hybrid seed instead: what hybrid-quantum takes besides the root key")
    .option("--file <path>", "write it there instead (mode 0600); never overwrites")
    .addHelpText(
      "after",
      examples(
        "keyfold keys generate --file /etc/keyfold/root-key-2026",
        "keyfold keys generate --hybrid --file /etc/keyfold/hybrid-seed",
      ),
    )
    .action(async (options) => end(await (await import("./generate.ts")).generate(terminal, options)));
  keys
    .command("status")
    .description("show root keys, how old they are, what they wrap, and when the next rotation is due")
    .option("--json", "print it as JSON")
    .addHelpText("after", examples("keyfold keys status", "keyfold keys status --json"))
    .action(async (options) => end(await (await import("./status.ts")).status(terminal, options)));
  paced(keys.command("rotate"))
    .description("wrap every key under the server's current root key; goes on where an earlier run ended")
    .option("--to <id>", "the root key that is meant: refused where another one is current")
    .addHelpText("after", examples("keyfold keys rotate", "keyfold keys rotate --rate 200"))
    .action(async (options) => end(await (await import("./rotate.ts")).rotate(terminal, options)));
  paced(keys.command("verify"))
    .description("open every key with the current root key alone")
    .addHelpText("after", examples("keyfold keys verify"))
    .action(async (options) => end(await (await import("./verify.ts")).verify(terminal, options)));
  paced(keys.command("retire"))
    .description("take a root key's wraps away, after which nothing needs it")
    .argument("<id>", "the root key, as `keyfold keys status` shows it")
    .addHelpText("after", examples("keyfold keys retire local:ab12cd34ef56ab78"))
    .action(async (id, options) => end(await (await import("./retire.ts")).retire(terminal, id, options)));
}

const examples = (...lines: string[]) => `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is a whole number from 1.");
}
