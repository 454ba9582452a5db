import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { checkRecipients, dump, recipientFingerprint } from "@keyfold/recovery";
import { cwdOf, onHost } from "../host/on-host.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";

/** Database and keys, as they are at one moment, in one sealed file. */
export function makeBackup(terminal: Terminal, options: { out: string; to?: string[] }): Promise<number> {
  return onHost(terminal, async (host) => {
    if (host.ownerUrl === null)
      throw new CommandError(
        EXIT.usage,
        "Set KEYFOLD_MIGRATION_URL: a backup reads all tables, and the application's role may not.",
      );
    const recipients = checkRecipients([...(options.to ?? []), ...host.config.recoveryRecipients]);
    const id = randomUUID();
    await host.keyfold.noteBackup({ id, recipients: recipients.map(recipientFingerprint) });
    const made = await dump({
      ownerUrl: host.ownerUrl,
      path: resolve(cwdOf(terminal), options.out),
      recipients,
      header: {
        id,
        deployment: host.keyfold.deployment.id,
        publicKey: host.keyfold.publicKey,
        rootKeys: await host.unsafelyExportRootKeys(),
        ...(await host.unsafelyExportHybridSeeds()),
      },
    });
    terminal.out(`${options.out}\n`);
    terminal.err(
      `${made.rows} rows of ${made.tables} tables, as of ${made.madeAt}, in ${made.bytes} bytes. Whoever holds the recovery identity and this file holds every secret: check it with keyfold backup verify, and let old ones expire.\n`,
    );
    return EXIT.done;
  });
}
