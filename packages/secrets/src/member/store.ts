import { actorRef } from "../access/actor.ts";
import { KeyfoldError } from "../error.ts";
import type { Unit } from "../flow/change.ts";
import { jsonActor } from "../input/stored.ts";
import { isOwner, type StoredGrant } from "./grant.ts";
import { MEMBER_COLUMNS, type MemberRow, memberRow } from "./rows.ts";
import type { MemberView } from "./schema.ts";

export function viewMember(row: MemberRow): MemberView {
  return {
    personId: row.personId,
    name: row.name,
    grants: row.grants,
    createdAt: row.createdAt.toISOString(),
    createdBy: jsonActor(row.createdBy),
    updatedAt: row.updatedAt.toISOString(),
  };
}

/** Of changes to who belongs to a tenant, one at a time: what each looks at stays so until it is done. */
export async function holdMembers(unit: Unit): Promise<void> {
  await unit.query("SELECT FROM control_plane.tenants WHERE id = $1::uuid FOR UPDATE", [unit.tenantId]);
}

/** A person's row, whether or not they are a member still. @throws KeyfoldError `integrity_failed` */
export async function findMember(unit: Unit, personId: string): Promise<MemberRow | null> {
  const [row] = await unit.query<MemberRow>(
    `SELECT ${MEMBER_COLUMNS} FROM control_plane.memberships m WHERE m.tenant_id = $1::uuid AND m.person_id = $2::uuid`,
    [unit.tenantId, personId],
  );
  return row === undefined ? null : memberRow(unit.call.services.mac, unit.tenantId, row);
}

/** @throws KeyfoldError `not_found`, `integrity_failed` */
export async function loadMember(unit: Unit, personId: string): Promise<MemberRow> {
  const row = await findMember(unit, personId);
  if (row === null || row.removedAt !== null) throw new KeyfoldError("not_found");
  return row;
}

/** A new membership of who never was a member. */
export async function insertMember(
  unit: Unit,
  person: { personId: string; name: string },
  grants: StoredGrant[],
): Promise<MemberRow> {
  const row = unit.call.services.mac.seal("memberships", unit.tenantId, {
    ...person,
    grants,
    createdAt: unit.now,
    createdBy: { ...actorRef(unit.call.actor) },
    updatedAt: unit.now,
    removedAt: null,
    generation: 1,
  });
  await unit.query(
    `INSERT INTO control_plane.memberships (tenant_id, person_id, name, grants, created_at, created_by, updated_at, generation, mac)
       VALUES ($1::uuid, $2::uuid, $3, $4::jsonb, $5, $6::jsonb, $5, 1, $7)`,
    [
      unit.tenantId,
      row.personId,
      row.name,
      JSON.stringify(row.grants),
      row.createdAt,
      JSON.stringify(row.createdBy),
      row.mac,
    ],
  );
  return row;
}

/** Writes a member's row anew, one generation on. @throws KeyfoldError `conflict` when another came first */
export async function moveMember(
  unit: Unit,
  row: MemberRow,
  to: Partial<Pick<MemberRow, "name" | "grants" | "removedAt" | "createdAt" | "createdBy">>,
): Promise<MemberRow> {
  const { mac: _, ...old } = row;
  const moved = unit.call.services.mac.seal("memberships", unit.tenantId, {
    ...old,
    ...to,
    updatedAt: unit.now,
    generation: row.generation + 1,
  });
  const written = await unit.query(
    `UPDATE control_plane.memberships SET name = $4, grants = $5::jsonb, created_at = $6, created_by = $7::jsonb, updated_at = $8,
            removed_at = $9, generation = $10, mac = $11
      WHERE tenant_id = $1::uuid AND person_id = $2::uuid AND generation = $3 RETURNING 1`,
    [
      unit.tenantId,
      row.personId,
      row.generation,
      moved.name,
      JSON.stringify(moved.grants),
      moved.createdAt,
      JSON.stringify(moved.createdBy),
      moved.updatedAt,
      moved.removedAt,
      moved.generation,
      moved.mac,
    ],
  );
  if (written.length === 0) throw new KeyfoldError("conflict");
  return moved;
}

/**
 * A tenant keeps an owner: whoever is about to step down or go needs another one. Call under `holdMembers`.
 * @throws KeyfoldError `illegal_state`
 */
export async function keepAnOwner(unit: Unit, leaving: MemberRow): Promise<void> {
  if (!isOwner(leaving.grants)) return;
  const rows = await unit.query<MemberRow>(
    `SELECT ${MEMBER_COLUMNS} FROM control_plane.memberships m
      WHERE m.tenant_id = $1::uuid AND m.removed_at IS NULL AND m.person_id <> $2::uuid AND m.grants @> '[{"role":"owner"}]'`,
    [unit.tenantId, leaving.personId],
  );
  const others = rows.map((row) => memberRow(unit.call.services.mac, unit.tenantId, row));
  if (!others.some(({ grants }) => isOwner(grants)))
    throw new KeyfoldError("illegal_state", {
      sentence: "This is the tenant's last owner. Make somebody else an owner first.",
    });
}

/** Whether anybody was ever a member here. */
export async function hadMembers(unit: Pick<Unit, "query" | "tenantId">): Promise<boolean> {
  const rows = await unit.query(
    "SELECT 1 FROM control_plane.memberships WHERE tenant_id = $1::uuid LIMIT 1",
    [unit.tenantId],
  );
  return rows.length > 0;
}

/** Whether anybody was ever given a token here. */
export async function hadTokens(unit: Pick<Unit, "query" | "tenantId">): Promise<boolean> {
  const rows = await unit.query(
    "SELECT 1 FROM control_plane.service_tokens WHERE tenant_id = $1::uuid LIMIT 1",
    [unit.tenantId],
  );
  return rows.length > 0;
}
