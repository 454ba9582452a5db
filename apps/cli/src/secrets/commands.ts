import type { Command } from "commander";
import { examples } from "../examples.ts";
import { duration, names, placed, twoVersions, version } from "../place/options.ts";
import type { Terminal } from "../terminal.ts";

const valued = (command: Command): Command =>
  command
    .option("-f, --file <path>", "the value is this file's content, byte for byte")
    .option("--raw", "keep the line's end that a pipe brings")
    .option("--force-argument", "take the value from the command line all the same")
    .option("-r, --reason <text>", "why: shown in the history and the audit log");

/** The commands about single secrets. Each one's own file is loaded when it is run. */
export function addSecrets(program: Command, terminal: Terminal, end: (exit: number) => void): void {
  placed(program.command("get"))
    .description("read a secret's value: into a pipe, or with --copy onto the clipboard")
    .argument("<name>", "the secret")
    .option("--plain", "show it on the screen")
    .option("--copy", "copy it, and show nothing")
    .option("--version <number>", "an older version that still opens", version)
    .option("--json", "print it as JSON, with its version")
    .addHelpText("after", examples("keyfold get DB_URL | psql -f -", "keyfold get STRIPE_KEY --copy"))
    .action(async (name, options) => end(await (await import("./get.ts")).get(terminal, name, options)));
  valued(placed(program.command("set")))
    .description("create a secret, or make a new version of it")
    .argument("<name>", "the secret")
    .argument("[value]", "refused: it would stay in the shell's history")
    .option("--json", "print what became of it as JSON")
    .addHelpText(
      "after",
      examples(
        "keyfold set STRIPE_KEY",
        "keyfold set TLS_CERT --file cert.pem",
        "pass show stripe | keyfold set STRIPE_KEY",
      ),
    )
    .action(async (name, value, options) =>
      end(await (await import("./set.ts")).set(terminal, name, value, options)),
    );
  placed(program.command("list"))
    .alias("ls")
    .description("list secrets: names, versions and when they changed, never values")
    .option("--path <folder>", "only names that begin so")
    .option("--deleted", "those that were deleted and can be restored")
    .option("--json", "print them as JSON")
    .addHelpText("after", examples("keyfold list --env prod --path api", "keyfold list --deleted"))
    .action(async (options) => end(await (await import("./list.ts")).list(terminal, options)));
  placed(program.command("history"))
    .description("show a secret's versions: who, when and why")
    .argument("<name>", "the secret")
    .option("--json", "print them as JSON")
    .addHelpText("after", examples("keyfold history STRIPE_KEY"))
    .action(async (name, options) =>
      end(await (await import("./history.ts")).history(terminal, name, options)),
    );
  valued(placed(program.command("rotate")))
    .description("make a new version of a secret; the one before opens for its grace still")
    .argument("<name>", "the secret")
    .argument("[value]", "refused: it would stay in the shell's history")
    .option("--grace <time>", "how long the version before still opens, e.g. 24h", duration)
    .option("--json", "print what became of it as JSON")
    .addHelpText("after", examples("keyfold rotate STRIPE_KEY --grace 24h --reason 'quarterly'"))
    .action(async (name, value, options) =>
      end(await (await import("./rotate.ts")).rotate(terminal, name, value, options)),
    );
  placed(program.command("rollback"))
    .description("make an older version's value current again")
    .argument("<name>", "the secret")
    .requiredOption("--to <number>", "the version whose value it is", version)
    .option("-r, --reason <text>", "why")
    .option("--json", "print what became of it as JSON")
    .addHelpText("after", examples("keyfold rollback STRIPE_KEY --to 1 --reason 'the new one was refused'"))
    .action(async (name, options) =>
      end(await (await import("./roll-back.ts")).rollBack(terminal, name, options.to, options)),
    );
  placed(program.command("delete"))
    .alias("rm")
    .description("delete a secret; it can be restored until it is purged")
    .argument("<name>", "the secret")
    .option("-r, --reason <text>", "why")
    .option("--force", "although consumers still use it; wants a reason")
    .option("--json", "print what became of it as JSON")
    .addHelpText(
      "after",
      examples("keyfold delete STRIPE_KEY", "keyfold delete STRIPE_KEY --force --reason 'leaked'"),
    )
    .action(async (name, options) =>
      end(await (await import("./delete.ts")).deleteSecret(terminal, name, options)),
    );
  placed(program.command("restore"))
    .description("restore a deleted secret")
    .argument("<which>", "its id, or its name")
    .option("--as <name>", "a new name, where the old one is taken again")
    .option("--json", "print what became of it as JSON")
    .addHelpText("after", examples("keyfold restore STRIPE_KEY"))
    .action(async (which, options) =>
      end(await (await import("./restore.ts")).restore(terminal, which, options)),
    );
  placed(program.command("diff"))
    .description(
      "compare with another environment, a .env file, or two versions; values are not shown; exit code 1: they differ",
    )
    .argument("[other]", "an environment, or a file's path; with --versions, a secret")
    .option("--versions <numbers>", "compare two versions of one secret, e.g. 1,3", twoVersions)
    .option("--upstream", "compare with the upstream that the server asks for what is not here")
    .option("--json", "print it as JSON")
    .addHelpText(
      "after",
      examples(
        "keyfold diff prod --env staging",
        "keyfold diff ./.env",
        "keyfold diff STRIPE_KEY --versions 1,3",
        "keyfold diff --upstream --env prod",
      ),
    )
    .action(async (other, options) => end(await (await import("./diff.ts")).diff(terminal, other, options)));
  placed(program.command("promote"))
    .description("set this environment's values in another one")
    .argument("<to>", "the environment that gets them")
    .option("--only <names>", "only these, e.g. A,B", names)
    .option("--dry-run", "say what would be set, and change nothing")
    .option("-r, --reason <text>", "why")
    .option("--json", "print what became of it as JSON")
    .addHelpText("after", examples("keyfold promote prod --env staging --dry-run"))
    .action(async (to, options) => end(await (await import("./promote.ts")).promote(terminal, to, options)));
}
