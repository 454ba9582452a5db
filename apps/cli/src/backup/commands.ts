import type { Command } from "commander";
import { examples } from "../examples.ts";
import type { Terminal } from "../terminal.ts";

/** `keyfold backup …`: on the host, with the server's own settings. Each command's own file is loaded when it is run. */
export function addBackup(program: Command, terminal: Terminal, end: (exit: number) => void): void {
  const backup = program
    .command("backup")
    .description("back up the whole deployment, database and keys together, and restore it; on the host");
  backup
    .command("make")
    .description("write everything into one file, sealed to recovery public keys; beside a server that runs")
    .requiredOption("--out <path>", "where it goes; never overwrites")
    .option("--to <recipient...>", "recovery public keys (age1…), besides KEYFOLD_RECOVERY_RECIPIENTS")
    .addHelpText("after", examples("keyfold backup make --out keyfold-2026-03-01.backup"))
    .action(async (options) => end(await (await import("./make.ts")).makeBackup(terminal, options)));
  backup
    .command("verify")
    .description("read a backup to its end and check it; writes nothing, needs no database")
    .argument("<path>", "the backup")
    .requiredOption("--identity <path>", "the file with the recovery identity")
    .addHelpText("after", examples("keyfold backup verify keyfold.backup --identity identity.txt"))
    .action(async (path, options) =>
      end(await (await import("./verify.ts")).verify(terminal, path, options)),
    );
  backup
    .command("restore")
    .description("restore a backup into an empty database; run it again to go on where it was cut short")
    .argument("<path>", "the backup")
    .requiredOption("--identity <path>", "the file with the recovery identity")
    .option("--journal <path>", "revocations and shreds since the backup (KEYFOLD_JOURNAL_FILE)")
    .option("--checkpoints <path>", "checkpoints pushed since the backup (KEYFOLD_CHECKPOINT_FILE)")
    .addHelpText("after", examples("keyfold backup restore keyfold.backup --identity identity.txt"))
    .action(async (path, options) =>
      end(await (await import("./restore.ts")).restoreBackup(terminal, path, options)),
    );
}
