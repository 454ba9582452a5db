import type { Unit } from "../../flow/change.ts";

/**
 * Whether a target has room for one more value beside those that still open.
 * @param atOnce how many values work there at the same time; with one, the old value ends when the new one is set
 * @returns null where it has; else when the next version ends, as far as is known: one that is held, in the past
 */
export async function roomFrom(unit: Unit, secretId: string, atOnce: number): Promise<Date | null> {
  if (atOnce === 1 || atOnce === Number.POSITIVE_INFINITY) return null;
  const open = await unit.query<{ state: string; ends: Date }>(
    `SELECT v.state::text AS state, v.open_until AS ends FROM control_plane.versions v
      WHERE v.tenant_id = $1::uuid AND v.secret_id = $2::uuid
        AND (v.state = 'current' OR (v.state = 'grace' AND (v.held OR v.open_until > control_plane.clock())))
      ORDER BY v.open_until`,
    [unit.tenantId, secretId],
  );
  if (open.length < atOnce) return null;
  const inGrace = open.filter(({ state }) => state === "grace");
  // So many have to end that the current one and those that stay leave room for one.
  return inGrace[open.length - atOnce]?.ends ?? unit.now;
}
