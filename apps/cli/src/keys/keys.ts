import { type Command, InvalidArgumentError } from "commander";
import { examples } from "../examples.ts";
import type { Terminal } from "../terminal.ts";

/** `keyfold keys …`. Each command's own file is loaded when it is run. */
export function addKeys(program: Command, terminal: Terminal, end: (exit: number) => void): void {
  const keys = program
    .command("keys")
    .description("root keys and tenant keys: make, rotate, verify, retire, re-encrypt");
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
  addTenantKeys(keys, terminal, end);
  addRecovery(keys, terminal, end);
}

/** What works on the host, with the server's own settings, or with no server at all. */
function addRecovery(keys: Command, terminal: Terminal, end: (exit: number) => void): void {
  const bundled = (command: Command) =>
    command
      .requiredOption("--bundle <path>", "the key bundle")
      .requiredOption("--identity <path>", "the file with the recovery identity");
  keys
    .command("recovery-identity")
    .description("make a key pair for recovery: the identity into a new file, its public key to the output")
    .requiredOption("--file <path>", "where the identity goes (mode 0600); never overwrites")
    .option("--quantum", "X-Wing (X25519 with ML-KEM-768), which resists quantum computers")
    .addHelpText("after", examples("keyfold keys recovery-identity --file recovery-identity.txt"))
    .action(async (options) =>
      end(await (await import("./recovery-identity.ts")).recoveryIdentity(terminal, options)),
    );
  keys
    .command("backup")
    .description("seal the root keys to recovery public keys; on the host, with the server's settings")
    .option("--to <recipient...>", "recovery public keys (age1…), besides KEYFOLD_RECOVERY_RECIPIENTS")
    .option("--out <path>", "where the bundle goes; never overwrites")
    .option("--confirm <code>", "give back the code that keyfold keys open-bundle printed")
    .addHelpText(
      "after",
      examples(
        "keyfold keys backup --to age1… --out keys-2026-03-01.bundle",
        "keyfold keys backup --confirm kfr_…",
      ),
    )
    .action(async (options) => end(await (await import("./backup.ts")).backupKeys(terminal, options)));
  bundled(keys.command("open-bundle"))
    .description("prove that an identity opens a bundle: prints a code, and no key")
    .addHelpText("after", examples("keyfold keys open-bundle --bundle keys.bundle --identity identity.txt"))
    .action(async (options) => end(await (await import("./open-bundle.ts")).openBundle(terminal, options)));
  bundled(keys.command("restore"))
    .description("write the root key of a bundle into a new file")
    .option("--file <path>", "where the root key goes (mode 0600); never overwrites")
    .option("--hybrid-seed-file <path>", "where the hybrid seed goes, where the bundle holds one")
    .option("--other-hybrid-seed-file <path>", "where the other one goes, where the bundle holds two")
    .addHelpText(
      "after",
      examples("keyfold keys restore --bundle keys.bundle --identity identity.txt --file root-key"),
    )
    .action(async (options) => end(await (await import("./open-bundle.ts")).restoreKeys(terminal, options)));
}

/** Jobs over tenants' keys and values. */
function addTenantKeys(keys: Command, terminal: Terminal, end: (exit: number) => void): void {
  paced(keys.command("rotate-tenant"))
    .description(
      "give a tenant a new key, or each of them: versions' keys are wrapped anew, values are not touched",
    )
    .argument("[tenant]", "its slug or id; every tenant when left out")
    .addHelpText(
      "after",
      examples("keyfold keys rotate-tenant acme", "keyfold keys rotate-tenant --rate 500"),
    )
    .action(async (tenant, options) =>
      end(await (await import("./rotate-tenant.ts")).rotateTenant(terminal, tenant, options)),
    );
  paced(keys.command("re-encrypt"))
    .description("seal values anew under new keys: of one secret, of one tenant, or all")
    .argument("[tenant]", "its slug or id; every tenant when left out")
    .option("--secret <id>", "one secret of that tenant")
    .option("--digests", "make the digests that tell equal values anew, too")
    .addHelpText(
      "after",
      examples("keyfold keys re-encrypt acme", "keyfold keys re-encrypt --digests --rate 500"),
    )
    .action(async (tenant, options) =>
      end(await (await import("./re-encrypt.ts")).reEncrypt(terminal, tenant, options)),
    );
  paced(keys.command("remove-opener"))
    .description(
      "take an opener away: new tenant keys without it, values re-encrypted, and a list of what it could open",
    )
    .argument("<id>", "the root key, as `keyfold keys status` shows it")
    .argument("[tenant]", "of one tenant only")
    .addHelpText("after", examples("keyfold keys remove-opener age:ab12cd34ef56ab78"))
    .action(async (id, tenant, options) =>
      end(await (await import("./remove-opener.ts")).removeOpener(terminal, id, tenant, options)),
    );
  keys
    .command("exposed")
    .description("list the values that a removed opener could open: rotate them where they are used")
    .argument("<job>", "the removal's id, as it printed it")
    .option("--json", "print it as JSON")
    .addHelpText("after", examples("keyfold keys exposed 0b6c1c0e-…"))
    .action(async (job, options) =>
      end(await (await import("./remove-opener.ts")).exposed(terminal, job, options)),
    );
}

const paced = (command: Command) =>
  command
    .option("--rate <n>", "most keys per second, so that traffic does not feel it", wholeNumber)
    .option("--json", "print the finished job as JSON");

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is a whole number from 1.");
}
