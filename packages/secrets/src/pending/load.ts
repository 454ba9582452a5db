import { KeyfoldError } from "../error.ts";
import type { Unit } from "../flow/change.ts";
import { type Loaded, lockSecret } from "../secret/load.ts";
import type { VersionRow } from "../secret/rows.ts";

/** The number of a secret's pending version. */
export async function pendingOf(unit: Unit, secretId: string): Promise<number | null> {
  const [row] = await unit.query<{ number: number }>(
    `SELECT v.number FROM control_plane.versions v
      WHERE v.tenant_id = $1::uuid AND v.secret_id = $2::uuid AND v.state = 'pending'`,
    [unit.tenantId, secretId],
  );
  return row?.number ?? null;
}

/** A pending version, its secret locked. @throws KeyfoldError `not_found`, `illegal_state`, `integrity_failed` */
export async function lockPending(
  unit: Unit,
  input: { id: string; version: number },
): Promise<Loaded & { version: VersionRow }> {
  const loaded = await lockSecret(unit, { id: input.id }, { number: input.version });
  const { version } = loaded;
  if (version === null) throw new KeyfoldError("not_found");
  if (version.state !== "pending")
    throw new KeyfoldError("illegal_state", {
      sentence: `This version is ${version.state}, and not pending.`,
    });
  return { ...loaded, version };
}
