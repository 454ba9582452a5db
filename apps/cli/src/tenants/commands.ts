import type { Command } from "commander";
import { examples } from "../examples.ts";
import type { Terminal } from "../terminal.ts";

/** `keyfold tenants …`. */
export function addTenants(program: Command, terminal: Terminal, end: (exit: number) => void): void {
  const shred = program
    .command("tenants")
    .description("what is about a tenant as a whole")
    .command("shred")
    .description("destroy a tenant's keys for good: one side asks, the other agrees, and a wait passes");
  const load = () => import("./shred.ts");

  shred
    .command("request")
    .description("ask for it, as an operator or with a token of the tenant that may")
    .argument("<slug>", "the tenant")
    .requiredOption("--confirm <slug>", "its slug once more, typed out")
    .requiredOption("--reason <text>", "why, for the audit log and the receipt")
    .addHelpText(
      "after",
      examples('keyfold tenants shred request acme --confirm acme --reason "contract ended"'),
    )
    .action(async (tenant, options) => end(await (await load()).request(terminal, tenant, options)));
  shred
    .command("agree")
    .description("agree to what the other side asked for: the wait begins")
    .argument("<slug>", "the tenant")
    .requiredOption("--confirm <slug>", "its slug once more, typed out")
    .addHelpText("after", examples("keyfold tenants shred agree acme --confirm acme"))
    .action(async (tenant, options) => end(await (await load()).agree(terminal, tenant, options)));
  shred
    .command("cancel")
    .description("end it: either side may, until the keys are destroyed")
    .argument("<tenant>", "its slug, or its id where it was deleted")
    .requiredOption("--reason <text>", "why, for the audit log")
    .addHelpText("after", examples('keyfold tenants shred cancel acme --reason "they stay"'))
    .action(async (tenant, options) => end(await (await load()).cancel(terminal, tenant, options)));
  shred
    .command("status")
    .description("show how far it is")
    .argument("<tenant>", "its slug, or its id once its keys are gone")
    .option("--json", "print it as JSON")
    .addHelpText("after", examples("keyfold tenants shred status acme"))
    .action(async (tenant, options) => end(await (await load()).status(terminal, tenant, options)));
  shred
    .command("run")
    .description("end now what is due, instead of waiting for the server's own job")
    .addHelpText("after", examples("keyfold tenants shred run"))
    .action(async () => end(await (await load()).runDue(terminal)));
  shred
    .command("receipt")
    .description("print the signed receipt, or keep it in a new file")
    .argument("<id>", "the tenant's id")
    .option("--out <path>", "write it there instead; never overwrites")
    .addHelpText("after", examples("keyfold tenants shred receipt ID --out acme.receipt"))
    .action(async (tenant, options) =>
      end(await (await import("./receipt.ts")).receipt(terminal, tenant, options)),
    );
  shred
    .command("verify")
    .description("verify a receipt, with no server")
    .argument("<file>", "the receipt")
    .requiredOption("--key <key>", "the deployment's public key (name+id+key), from somewhere you trust")
    .addHelpText("after", examples("keyfold tenants shred verify acme.receipt --key keyfold/…"))
    .action(async (file, options) =>
      end(await (await import("./receipt.ts")).verify(terminal, file, options)),
    );
}
