import type { Unit } from "../flow/change.ts";
import { type SecretRow, VERSION_COLUMNS, type VersionRow } from "../secret/rows.ts";
import { eraseSealed, moveVersion } from "../version/write.ts";

/**
 * Ends a version's grace: it is kept, sealed for a roll back, where its secret keeps so many, and else destroyed. What
 * was kept and is one too many now is destroyed with it.
 * @param secret locked
 * @param reason why it ended before its time, in the words of who ended it
 */
export async function settleGrace(
  unit: Unit,
  secret: SecretRow,
  version: VersionRow,
  reason: string | null = null,
): Promise<VersionRow> {
  const openUntil = version.openUntil !== null && version.openUntil < unit.now ? version.openUntil : unit.now;
  const kept = await keptOf(unit, secret);
  const newer = kept.filter((one) => one.number > version.number).length;
  const to = { openUntil, endReason: reason };
  if (newer >= (secret.keepVersions ?? 0)) return destroy(unit, version, to);
  const moved = await moveVersion(unit, version, { state: "kept", ...to });
  await trimKept(unit, secret);
  return moved;
}

/** Destroys what is kept beyond what a secret keeps, the oldest first to go. */
export async function trimKept(unit: Unit, secret: SecretRow): Promise<void> {
  const excess = (await keptOf(unit, secret)).slice(secret.keepVersions ?? 0);
  for (const version of excess) {
    await destroy(unit, version, {});
    unit.record({
      action: "version.destroyed",
      target: { type: "secret", id: secret.id, name: secret.name, version: version.number },
      details: { cause: "keep_versions" },
    });
  }
}

async function destroy(
  unit: Unit,
  version: VersionRow,
  to: Partial<Pick<VersionRow, "openUntil" | "endReason">>,
): Promise<VersionRow> {
  await eraseSealed(unit, version.secretId, version.number);
  return moveVersion(unit, version, { state: "destroyed", destroyedAt: unit.now, ...to });
}

/** A secret's kept versions, newest first. */
async function keptOf(unit: Unit, secret: SecretRow): Promise<VersionRow[]> {
  const rows = await unit.query<VersionRow>(
    `SELECT ${VERSION_COLUMNS} FROM control_plane.versions v
      WHERE v.tenant_id = $1::uuid AND v.secret_id = $2::uuid AND v.state = 'kept' ORDER BY v.number DESC`,
    [unit.tenantId, secret.id],
  );
  for (const row of rows) unit.call.services.mac.check("versions", unit.tenantId, row);
  return rows;
}
