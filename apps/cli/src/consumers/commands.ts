import { type Command, Option } from "commander";
import { examples } from "../examples.ts";
import { duration, placed, version } from "../place/options.ts";
import type { Terminal } from "../terminal.ts";

// Spelt here, so that nothing of the server's is loaded for them.
const KINDS = ["edge_function", "worker", "webhook", "service", "ci", "other"] as const;
const STATES = ["never_seen", "gone", "behind", "current"] as const;

/** `keyfold consumers …`: who reads a secret, and whom a change of it touches. */
export function addConsumers(program: Command, terminal: Terminal, end: (exit: number) => void): void {
  const consumers = program
    .command("consumers")
    .description("who reads a secret, which version, and whom a change of it touches");
  placed(consumers.command("list"))
    .description("list a secret's consumers: before a rotation, a revocation or a deletion")
    .argument("<name>", "the secret")
    .addOption(new Option("--state <state>", "only these").choices(STATES))
    .option("--json", "print them as JSON")
    .addHelpText(
      "after",
      examples("keyfold consumers list DB_URL", "keyfold consumers list DB_URL --state behind"),
    )
    .action(async (name, options) =>
      end(await (await import("./list.ts")).listConsumers(terminal, name, options)),
    );
  placed(consumers.command("declare"))
    .description("say that a consumer reads a secret, before it ever did")
    .argument("<name>", "the secret")
    .argument("<consumer>", "what its token calls it")
    .addOption(new Option("--kind <kind>", "what it is").choices(KINDS).default("other"))
    .addHelpText("after", examples("keyfold consumers declare DB_URL billing-worker --kind worker"))
    .action(async (name, consumer, options) =>
      end(await (await import("./declare.ts")).declare(terminal, name, consumer, options)),
    );
  placed(consumers.command("remove"))
    .description("say that a consumer reads a secret no more")
    .argument("<name>", "the secret")
    .argument("<consumer>", "what its token calls it")
    .option("-r, --reason <text>", "why")
    .addHelpText("after", examples("keyfold consumers remove DB_URL billing-worker --reason 'switched off'"))
    .action(async (name, consumer, options) =>
      end(await (await import("./declare.ts")).remove(terminal, name, consumer, options)),
    );
  placed(consumers.command("ack"))
    .description("say, with the consumer's own token, that it uses a version now")
    .argument("<name>", "the secret")
    .requiredOption("--version <number>", "the version that it uses", version)
    .option("--instance <name>", "which process of it says so")
    .option("--lease <time>", "how long that process counts as alive, e.g. 1h; 0s: it has ended", duration)
    .addHelpText("after", examples("keyfold consumers ack DB_URL --version 3 --instance $HOSTNAME"))
    .action(async (name, options) => end(await (await import("./ack.ts")).ack(terminal, name, options)));
}
