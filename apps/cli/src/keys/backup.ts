import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { proofDigest, recipientFingerprint, sealKeyBundle, seedNames, writeNew } from "@keyfold/recovery";
import { KeyfoldError } from "@keyfold/secrets";
import { cwdOf, onHost } from "../host/on-host.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";

export interface BackupOptions {
  to?: string[];
  out?: string;
  confirm?: string;
}

/**
 * Seals what opens the deployment's keys, to whom the command line or the settings name: never to whom the database
 * names. Or takes a recipient's code back, after which the bundle counts.
 */
export function backupKeys(terminal: Terminal, options: BackupOptions): Promise<number> {
  if (options.confirm !== undefined) return confirm(terminal, options.confirm);
  if (options.out === undefined)
    throw new CommandError(
      EXIT.usage,
      "Name the bundle's file with --out, or give a code back with --confirm.",
    );
  const out = options.out;
  return onHost(terminal, async (host) => {
    const recipients = [...(options.to ?? []), ...host.config.recoveryRecipients];
    const rootKeys = await host.unsafelyExportRootKeys();
    const seeds = await host.unsafelyExportHybridSeeds();
    const id = randomUUID();
    const bundle = await sealKeyBundle(
      {
        id,
        deployment: host.keyfold.deployment.id,
        madeAt: new Date().toISOString(),
        publicKey: host.keyfold.publicKey,
        rootKeys,
        ...seeds,
      },
      recipients,
    );
    await writeNew(resolve(cwdOf(terminal), out), bundle.text);
    await host.keyfold.noteKeyBackup({
      id,
      rootKeys: Object.fromEntries(rootKeys.map((key) => [key.id, key.kind])),
      recipients: bundle.proofs,
    });
    terminal.out(`${out}\n`);
    const names = [...new Set(recipients)].map(recipientFingerprint);
    terminal.err(
      `Sealed ${[...rootKeys.map((key) => key.id), ...seedNames(seeds)].join(" and ")} to ${names.join(" and ")}. It does not count as a backup yet: each recipient runs "keyfold keys open-bundle", and the code that it prints comes back with "keyfold keys backup --confirm CODE".\n`,
    );
    if (seedNames(seeds).length > 0)
      terminal.err(
        "Root key and hybrid seed are in one file now: whoever opens it has both halves. Keep it where neither of them is kept.\n",
      );
    return EXIT.done;
  });
}

function confirm(terminal: Terminal, code: string): Promise<number> {
  return onHost(terminal, async ({ keyfold }) => {
    const { confirmed, waiting } = await keyfold
      .confirmKeyBackup(proofDigest(code))
      .catch((error: unknown) => {
        if (error instanceof KeyfoldError && error.code === "not_found")
          throw new CommandError(
            EXIT.failed,
            "This is no code of the newest bundle. Open that one with keyfold keys open-bundle.",
          );
        throw error;
      });
    terminal.out(
      waiting.length === 0
        ? `Confirmed for ${confirmed}. The bundle counts as a backup now.\n`
        : `Confirmed for ${confirmed}. Still waiting for ${waiting.join(" and ")}.\n`,
    );
    return EXIT.done;
  });
}
