import type { Action } from "../access/actions.ts";
import type { UserActor } from "../access/actor.ts";
import { earliest } from "../access/deadline.ts";
import { again } from "../flow/again.ts";
import { onPool } from "../flow/query.ts";
import type { Services } from "../flow/services.ts";
import { servedHere } from "../region/gate.ts";
import { roleRow } from "../role/rows.ts";
import { checkJoinedTenant, type JoinedTenant } from "../tenant/joined.ts";
import { rightsOf } from "./grant.ts";
import { memberRow } from "./rows.ts";

/** What a person's session says, once it was found alive. */
export interface PersonSession {
  id: string;
  expiresAt: Date;
  /** When a second factor was last proved in it; null: never. */
  factorAt: Date | null;
}

/** A row of `find_member()`: t_ tenant, m_ membership, r_ one of the tenant's own roles. */
interface FoundMember extends JoinedTenant {
  /** A bigint, which pg gives as text. */
  epoch: string;
  now: Date;
  m_name: string;
  m_grants: unknown;
  m_created_at: Date;
  m_created_by: unknown;
  m_updated_at: Date;
  m_removed_at: Date | null;
  m_generation: number;
  m_mac: Buffer;
  r_id: string | null;
  r_name: string;
  r_summary: string;
  r_actions: unknown;
  r_created_at: Date;
  r_created_by: unknown;
  r_updated_at: Date;
  r_deleted_at: Date | null;
  r_generation: number;
  r_mac: Buffer;
}

/**
 * A person as a member of a tenant, with what they were given there and has not ended. Whether the session is alive is
 * the caller's to know.
 * @returns null for who is no member, was removed, or of a tenant that was deleted: one answer
 * @throws KeyfoldError `integrity_failed` for a row whose MAC is wrong; `wrong_region`
 */
export async function memberOf(
  services: Services,
  tenantId: string,
  person: { id: string; name: string },
  session: PersonSession,
): Promise<UserActor | null> {
  const rows = await again(() =>
    onPool(services.db)<FoundMember>("SELECT * FROM control_plane.find_member($1, $2)", [
      tenantId,
      person.id,
    ]),
  );
  const [row] = rows;
  if (row === undefined || row.m_removed_at !== null || row.t_deleted_at !== null) return null;
  const { mac } = services;
  checkJoinedTenant(mac, tenantId, row);
  const member = memberRow(mac, tenantId, {
    personId: person.id,
    name: row.m_name,
    grants: row.m_grants,
    createdAt: row.m_created_at,
    createdBy: row.m_created_by,
    updatedAt: row.m_updated_at,
    removedAt: row.m_removed_at,
    generation: row.m_generation,
    mac: row.m_mac,
  });
  servedHere(services, tenantId);
  const roles = new Map<string, readonly Action[]>();
  for (const found of rows) {
    if (found.r_id === null) continue;
    const role = roleRow(mac, tenantId, {
      id: found.r_id,
      name: found.r_name,
      summary: found.r_summary,
      actions: found.r_actions,
      createdAt: found.r_created_at,
      createdBy: found.r_created_by,
      updatedAt: found.r_updated_at,
      deletedAt: found.r_deleted_at,
      generation: found.r_generation,
      mac: found.r_mac,
    });
    roles.set(role.id, role.actions);
  }
  const grants = member.grants
    .map((grant) => rightsOf(grant, roles))
    .filter(({ expiresAt }) => expiresAt === null || expiresAt > row.now);
  return {
    type: "user",
    id: person.id,
    name: person.name,
    via: "session",
    session: session.id,
    deadline: earliest(session.expiresAt, ...grants.map(({ expiresAt }) => expiresAt)),
    tenantId,
    tenantSlug: row.t_slug,
    tenantGraceSeconds: row.t_grace_seconds,
    tenantAlgorithm: row.t_algorithm,
    grants,
    factorAt: session.factorAt,
    membership: member.generation,
    epoch: BigInt(row.epoch),
  };
}
