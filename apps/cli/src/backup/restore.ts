import { resolve } from "node:path";
import { CheckpointReader, decodeNoteKey, type PushedCheckpoint } from "@keyfold/ledger";
import {
  type BackupSummary,
  currentRootKey,
  keepHybridSeed,
  keepRootKey,
  readText,
  restoreRows,
  seedNames,
  verifyBackup,
} from "@keyfold/recovery";
import { cwdOf, saying } from "../host/on-host.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";

export interface RestoreOptions {
  identity: string;
  journal?: string;
  checkpoints?: string;
}

/**
 * Restores a backup: reads it to its end first, puts root key and rows back, replays what was refused since, and lets the
 * server start. Whatever cuts it short, the same command goes on.
 */
export function restoreBackup(terminal: Terminal, path: string, options: RestoreOptions): Promise<number> {
  return saying(async () => {
    const here = cwdOf(terminal);
    const file = resolve(here, path);
    const identityFile = await readText(resolve(here, options.identity));
    const summary = await verifyBackup(file, identityFile);
    const pushed =
      options.checkpoints === undefined
        ? null
        : newestOf(await readText(resolve(here, options.checkpoints)), summary);
    const journal = options.journal === undefined ? null : await readText(resolve(here, options.journal));
    const { hybridSeedFile, openRestored, reachDatabase, rootKeyFile } = await import("@keyfold/api/host");
    const database = await reachDatabase(terminal.env, here, { mayJoin: false });
    try {
      const { ownerUrl } = database;
      if (ownerUrl === null)
        throw new CommandError(
          EXIT.usage,
          "Set KEYFOLD_MIGRATION_URL: a restore makes tables, and the application's role may not.",
        );
      const say = (sentence: string) => terminal.err(`${sentence}\n`);
      const { config } = database;
      // Before the root key: what is refused leaves nothing behind.
      await keepSeeds(summary, config.hybridSeed, hybridSeedFile(config), say);
      const key = await currentRootKey(summary.header);
      const keyFile = rootKeyFile(config);
      if (key.kind === "local" && keyFile !== null && (await keepRootKey(keyFile, key)))
        say(`The root key ${key.id} is in ${keyFile} again.`);
      await restoreRows({ ownerUrl, appRole: database.appRole, path: file, identityFile, summary, say });
      const restored = await openRestored(database, summary.header);
      try {
        const report = await restored.keyfold.finishRestore({ pushed, journal });
        for (const { chain, events } of report.lost ?? [])
          say(`The audit chain ${chain} had ${events} events more, which the backup does not hold.`);
        if (report.replayed !== null)
          say(
            `The journal: ${report.replayed.done} refusals carried out again, ${report.replayed.known} known already${report.replayed.passedOver === 0 ? "" : `, ${report.replayed.passedOver} lines passed over that are not this deployment's`}.`,
          );
        if (report.waits > 0)
          say(
            `Shreddings whose wait runs anew, since they may have been cancelled after the backup: ${report.waits}. Either side cancels with keyfold tenants shred cancel.`,
          );
        terminal.out(
          `Restored as of ${summary.header.madeAt}. Everybody signs in again; tokens go on. The server may start.\n`,
        );
      } finally {
        await restored.close();
      }
      return EXIT.done;
    } finally {
      await database.close();
    }
  });
}

/** Puts the hybrid seed into the file that the settings name. @throws CommandError where they name no seed at all */
async function keepSeeds(
  { header }: BackupSummary,
  source: unknown,
  file: string | null,
  say: (sentence: string) => void,
): Promise<void> {
  if (header.hybridSeed === null) return;
  const [name] = seedNames(header);
  if (source === null)
    throw new CommandError(
      EXIT.usage,
      `This deployment does not start without its hybrid seed ${name}. Set KEYFOLD_HYBRID_SEED_FILE to where it shall be kept: this backup holds it. Nothing was written.`,
    );
  if (file !== null && (await keepHybridSeed(file, header.hybridSeed)))
    say(`The hybrid seed ${name} is in ${file} again.`);
  if (header.otherHybridSeed !== null)
    say(
      "The backup was made while the hybrid seed was changed: keys that were not wrapped anew yet open with the other one only (KEYFOLD_OTHER_HYBRID_SEED_FILE).",
    );
}

function newestOf(text: string, { header }: BackupSummary): PushedCheckpoint {
  const reader = new CheckpointReader([decodeNoteKey(header.publicKey)]);
  for (const line of text.split("\n")) if (line !== "") reader.add(line);
  if (reader.newest === null)
    throw new CommandError(
      EXIT.failed,
      "The file of checkpoints holds none that this deployment has signed.",
    );
  return reader.newest;
}
