import type { Transaction } from "@keyfold/db";
import { type RootKeyRef, splitHybridOpener } from "@keyfold/envelope";

/*
 * An HSM's key cannot be copied: when the token is lost, everything that only it opens is lost. So before it may be the only
 * opener there must be another one, for recovery, unless somebody has said that they accept it.
 */

/** Whether this root key is held by an HSM, which gives it to nobody. */
export const isHsm = ({ provider }: Pick<RootKeyRef, "provider">): boolean => provider === "pkcs11";

/**
 * Whether everything opens with another root key besides these: the deployment's own keys, and each tenant's that has no root
 * key of its own. An additional opener counts where it wraps, and not because it is configured. As the deployment's role.
 */
export async function opensWithoutThese(
  tx: Pick<Transaction, "query">,
  openers: readonly string[],
): Promise<boolean> {
  return (await deploymentOpensWithout(tx, openers)) && (await tenantsOpenWithout(tx, openers));
}

async function deploymentOpensWithout(
  tx: Pick<Transaction, "query">,
  openers: readonly string[],
): Promise<boolean> {
  const [row] = await tx.query<{ another: boolean }>(
    `SELECT EXISTS (SELECT FROM control_plane.deployment_key_wraps
       WHERE purpose = 'integrity' AND NOT (opener = ANY ($1::text[]))) AS another`,
    [openers],
  );
  return row!.another;
}

async function tenantsOpenWithout(
  tx: Pick<Transaction, "query">,
  openers: readonly string[],
): Promise<boolean> {
  const theirs = (opener: string) => openers.includes(splitHybridOpener(opener)?.root ?? opener);
  const all = await tx.query<{ opener: string }>("SELECT opener FROM control_plane.count_key_wraps()", []);
  const others = all.map(({ opener }) => opener).filter((opener) => !theirs(opener));
  const missing = await tx.query<{ opener: string }>(
    "SELECT opener FROM control_plane.openers_missing($1::text[])",
    [others],
  );
  return !missing.some(({ opener }) => theirs(opener));
}

export const SOLE_HSM =
  "Its key cannot be copied: if the token is lost, everything is. Keep a recovery opener beside it, under which every key is wrapped, or accept that with KEYFOLD_ALLOW_SOLE_HSM=1.";
