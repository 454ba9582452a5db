import { Command, CommanderError } from "commander";
import { addAudit } from "./audit/commands.ts";
import { addBackup } from "./backup/commands.ts";
import { addCode } from "./code/commands.ts";
import { addConsumers } from "./consumers/commands.ts";
import { addDoctor } from "./doctor/commands.ts";
import { addImport } from "./import/commands.ts";
import { addInject } from "./inject/commands.ts";
import { addKeys } from "./keys/keys.ts";
import { addLogin } from "./login/commands.ts";
import { addOperator } from "./operator/commands.ts";
import { sayingJson } from "./said.ts";
import { addSecrets } from "./secrets/commands.ts";
import { printable } from "./table.ts";
import { addTenants } from "./tenants/commands.ts";
import { CommandError, EXIT, type Terminal } from "./terminal.ts";

/** Every command there is: what each does is loaded when it is run. */
export const COMMANDS: readonly ((
  program: Command,
  terminal: Terminal,
  end: (exit: number) => void,
) => void)[] = [
  addLogin,
  addSecrets,
  addInject,
  addImport,
  addConsumers,
  addCode,
  addAudit,
  addKeys,
  addBackup,
  addTenants,
  addOperator,
  addDoctor,
];

/** Runs one command line. @returns the exit code */
export async function run(argv: readonly string[], given: Terminal): Promise<number> {
  // What is said quotes names that others chose, and sentences of servers: none of it may move a cursor or write a title.
  const saying = sayingJson({
    ...given,
    out: given.outIsTerminal ? (text) => given.out(plain(text)) : given.out,
    outAsIs: given.out,
    err: (text) => given.err(plain(text)),
  });
  const { terminal } = saying;
  let exit: number = EXIT.done;
  const program = new Command("keyfold")
    .description("Keyfold's command line.")
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .addHelpText(
      "after",
      `
Environment:
  KEYFOLD_URL          where the server is, e.g. https://secrets.example.com; else keyfold.json says it
  KEYFOLD_TOKEN        a token; else the one that "keyfold login" kept
  KEYFOLD_ID_TOKEN, KEYFOLD_ID_TOKEN_FILE  another issuer's token, exchanged for one of minutes; GitHub's is asked for
  KEYFOLD_RULE, KEYFOLD_AUDIENCE           by which federation rule, and for which audience GitHub is asked
  KEYFOLD_TENANT, KEYFOLD_PROJECT, KEYFOLD_ENVIRONMENT  which secrets; else keyfold.json says it
  KEYFOLD_KEYRING      off: "keyfold login" keeps tokens in a file

Exit codes: 0 done, 1 refused, stopped or different, 2 a wrong command line or setting, 3 the server does not answer.`,
    )
    .exitOverride();
  const end = (code: number): void => {
    exit = code;
  };
  for (const add of COMMANDS) add(program, terminal, end);
  saying.offer(program);
  try {
    if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
      terminal.out(`${await (await import("./version.ts")).ownVersion()}\n`);
      return EXIT.done;
    }
    await program.parseAsync(argv, { from: "user" });
    saying.finish(exit);
    return exit;
  } catch (error) {
    if (error instanceof CommandError) saying.finish(error.exit);
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (error instanceof CommandError) {
      terminal.err(`${error.message}\n`);
      return error.exit;
    }
    throw error;
  }
}

/** Line ends stay, and the return that a line of progress begins or ends with, which is written anew each time. */
const plain = (text: string): string => {
  const [, before, between, after] = /^(\r?)([\s\S]*?)(\r?)$/.exec(text)!;
  return before + between!.split("\n").map(printable).join("\n") + after;
};
