import type { Command } from "commander";
import { examples } from "../examples.ts";
import { placed } from "../place/options.ts";
import type { Terminal } from "../terminal.ts";

/** `keyfold audit …`: take the audit log away, and prove that nobody touched it. */
export function addAudit(program: Command, terminal: Terminal, end: (exit: number) => void): void {
  const audit = program.command("audit").description("export the audit log, and verify it without a server");
  placed(audit.command("export"))
    .description("write a tenant's whole audit log into a file")
    .option("--deployment", "the deployment's own log instead: for operators")
    .requiredOption("--to <file>", "the file")
    .option(
      "--since <file>",
      "a checkpoint that was kept: shows that the log of checkpoints has only grown since",
    )
    .addHelpText("after", examples("keyfold audit export --to acme.jsonl --since acme.checkpoint"))
    .action(async (options) => end(await (await import("./export.ts")).exportAudit(terminal, options)));
  placed(audit.command("checkpoint"))
    .description("read the newest signed checkpoint, to be kept elsewhere")
    .option("--deployment", "of the deployment's own log: for operators")
    .option("--to <file>", "into a file")
    .addHelpText("after", examples("keyfold audit checkpoint --to acme.checkpoint"))
    .action(async (options) => end(await (await import("./checkpoint.ts")).checkpoint(terminal, options)));
  audit
    .command("verify")
    .description("verify an exported log; needs no server and no database")
    .argument("<file>", "what `keyfold audit export` wrote")
    .option("--key <key>", "the deployment's public key, or a file with it")
    .option("--checkpoint <file>", "a checkpoint that was kept elsewhere")
    .option("--json", "print what was found as JSON")
    .addHelpText(
      "after",
      examples("keyfold audit verify acme.jsonl --key keyfold.pub --checkpoint acme.checkpoint"),
    )
    .action(async (file, options) =>
      end(await (await import("./verify.ts")).verify(terminal, file, options)),
    );
}
