import { type Transaction, withDeployment } from "@keyfold/db";
import { KeyfoldError } from "../error.ts";
import { again } from "../flow/again.ts";
import type { Services } from "../flow/services.ts";
import { tellChain } from "../host/tell.ts";

/** A key bundle that was made, as its row says it. */
interface StoredBackup {
  id: string;
  madeAt: Date;
  rootKeys: Record<string, string>;
  recipients: Record<string, string>;
  confirmed: Record<string, string>;
  generation: number;
  mac: Uint8Array;
}

/** Whether a key bundle can be relied on. */
export interface KeyBackupStatus {
  madeAt: Date;
  rootKeys: string[];
  recipients: { fingerprint: string; confirmedAt: string | null }[];
  /**
   * `unconfirmed`: a recipient has not proved yet that they can open it. `outdated`: it holds not the root key that is
   * current now. Neither counts as a backup.
   */
  state: "confirmed" | "unconfirmed" | "outdated";
}

/**
 * Notes a key bundle that was made. It counts once its recipients have given their codes back.
 * @param made.recipients SHA-256 of each recipient's code, in hex, by the recipient's fingerprint
 */
export async function noteKeyBackup(
  services: Services,
  made: { id: string; rootKeys: Record<string, string>; recipients: Record<string, string> },
): Promise<void> {
  await again(() =>
    withDeployment(services.db, async (tx) => {
      const row = services.mac.seal("keyBackups", null, {
        ...made,
        madeAt: tx.now,
        confirmed: {},
        generation: 1,
      });
      await tx.sql.keyBackup.create({ data: row });
      await tellChain(services, tx, null, "key.backup_made", {
        target: { type: "key", id: made.id, name: null },
        details: {
          recipients: Object.keys(made.recipients).join(" "),
          rootKeys: Object.keys(made.rootKeys).join(" "),
        },
      });
    }),
  );
}

/**
 * Takes back the code that a recipient has read in the newest bundle.
 * @param digest its SHA-256, in hex
 * @returns who has confirmed, and whom it waits for still; fingerprints
 * @throws KeyfoldError `not_found` where it is no code of the newest bundle; `integrity_failed`
 */
export async function confirmKeyBackup(
  services: Services,
  digest: string,
): Promise<{ confirmed: string; waiting: string[] }> {
  return again(() =>
    withDeployment(services.db, async (tx) => {
      const row = await newest(services, tx);
      const recipient =
        row === null ? undefined : Object.keys(row.recipients).find((one) => row.recipients[one] === digest);
      if (row === null || recipient === undefined) throw new KeyfoldError("not_found");
      const { mac: _, ...old } = row;
      const confirmed = { ...row.confirmed, [recipient]: row.confirmed[recipient] ?? tx.now.toISOString() };
      const moved = services.mac.seal("keyBackups", null, {
        ...old,
        confirmed,
        generation: row.generation + 1,
      });
      await tx.sql.keyBackup.update({
        where: { id: row.id, generation: row.generation },
        data: { confirmed, generation: moved.generation, mac: moved.mac },
      });
      const waiting = Object.keys(row.recipients).filter((one) => confirmed[one] === undefined);
      await tellChain(services, tx, null, "key.backup_confirmed", {
        target: { type: "key", id: row.id, name: null },
        details: { recipient, waiting: waiting.length },
      });
      return { confirmed: recipient, waiting };
    }),
  );
}

/** The newest key bundle; null where none was ever made. @throws KeyfoldError `integrity_failed` */
export async function keyBackupStatus(
  services: Pick<Services, "mac">,
  tx: Pick<Transaction, "sql">,
  currentRootKey: string,
): Promise<KeyBackupStatus | null> {
  const row = await newest(services, tx);
  if (row === null) return null;
  const recipients = Object.keys(row.recipients).map((fingerprint) => ({
    fingerprint,
    confirmedAt: row.confirmed[fingerprint] ?? null,
  }));
  const rootKeys = Object.keys(row.rootKeys);
  return {
    madeAt: row.madeAt,
    rootKeys,
    recipients,
    state: !rootKeys.includes(currentRootKey)
      ? "outdated"
      : recipients.every(({ confirmedAt }) => confirmedAt !== null)
        ? "confirmed"
        : "unconfirmed",
  };
}

async function newest(
  services: Pick<Services, "mac">,
  { sql }: Pick<Transaction, "sql">,
): Promise<StoredBackup | null> {
  const row = (await sql.keyBackup.findFirst({ orderBy: { madeAt: "desc" } })) as StoredBackup | null;
  if (row !== null) services.mac.check("keyBackups", null, row);
  return row;
}
