import type { SqlTransaction } from "@keyfold/db";
import { actorRef } from "../access/actor.ts";
import { KeyfoldError } from "../error.ts";
import type { Call } from "../flow/call.ts";
import { iso, jsonActor } from "../input/stored.ts";
import type { ShredView } from "./schema.ts";

export interface ShredRow {
  id: string;
  state: ShredView["state"];
  slug: string;
  reason: string;
  waitSeconds: number;
  requestedBy: unknown;
  requestedAt: Date;
  agreedBy: unknown;
  agreedAt: Date | null;
  dueAt: Date | null;
  cancelledBy: unknown;
  cancelledAt: Date | null;
  /** What was destroyed, as JSON text. */
  destroyed: string | null;
  destroyedAt: Date | null;
  receipt: string | null;
  finishedAt: Date | null;
  generation: number;
  mac: Uint8Array;
}

type Work = SqlTransaction & { call: Call; tenantId: string };

const FIELDS = `id, state, slug, reason, wait_seconds AS "waitSeconds", requested_by AS "requestedBy",
  requested_at AS "requestedAt", agreed_by AS "agreedBy", agreed_at AS "agreedAt", due_at AS "dueAt",
  cancelled_by AS "cancelledBy", cancelled_at AS "cancelledAt", destroyed, destroyed_at AS "destroyedAt", receipt,
  finished_at AS "finishedAt", generation, mac`;

/** A tenant's newest shredding, authenticated; null where none was ever asked for. Changes lock no row: generations tell. */
export async function newestShred(unit: Work): Promise<ShredRow | null> {
  const [row] = await unit.query<ShredRow>(
    `SELECT ${FIELDS} FROM control_plane.tenant_shreds WHERE tenant_id = $1::uuid
      ORDER BY requested_at DESC, id DESC LIMIT 1`,
    [unit.tenantId],
  );
  if (row === undefined) return null;
  unit.call.services.mac.check("tenantShreds", unit.tenantId, row);
  return row;
}

/** What is asked for and not ended. @throws KeyfoldError `not_found` */
export async function openShred(unit: Work): Promise<ShredRow> {
  const row = await newestShred(unit);
  if (row === null || row.state === "shredded" || row.state === "cancelled")
    throw new KeyfoldError("not_found", { sentence: "No shredding of this tenant was asked for." });
  return row;
}

export async function insertShred(
  unit: Work,
  facts: Pick<ShredRow, "id" | "slug" | "reason" | "waitSeconds"> & { requestedBy?: object },
): Promise<ShredRow> {
  const row = unit.call.services.mac.seal("tenantShreds", unit.tenantId, {
    requestedBy: { ...actorRef(unit.call.actor) },
    ...facts,
    state: "requested" as const,
    requestedAt: unit.now,
    agreedBy: null,
    agreedAt: null,
    dueAt: null,
    cancelledBy: null,
    cancelledAt: null,
    destroyed: null,
    destroyedAt: null,
    receipt: null,
    finishedAt: null,
    generation: 1,
  });
  await unit.query(
    `INSERT INTO control_plane.tenant_shreds
        (tenant_id, id, state, slug, reason, wait_seconds, requested_by, requested_at, generation, mac)
      VALUES ($1::uuid, $2::uuid, $3, $4, $5, $6, $7::jsonb, $8, $9, $10)`,
    [
      unit.tenantId,
      row.id,
      row.state,
      row.slug,
      row.reason,
      row.waitSeconds,
      JSON.stringify(row.requestedBy),
      row.requestedAt,
      row.generation,
      row.mac,
    ],
  );
  return row;
}

type Move = Partial<Omit<ShredRow, "id" | "slug" | "reason" | "waitSeconds" | "requestedBy" | "requestedAt">>;

/** Writes the row anew, one generation on; the database refuses illegal ways. @throws KeyfoldError `conflict` */
export async function moveShred(
  unit: Work,
  row: ShredRow,
  to: Move & { state: ShredRow["state"] },
): Promise<ShredRow> {
  const { mac: _, ...old } = row;
  const moved = unit.call.services.mac.seal("tenantShreds", unit.tenantId, {
    ...old,
    ...to,
    generation: row.generation + 1,
  });
  const written = await unit.query(
    `UPDATE control_plane.tenant_shreds SET state = $4, agreed_by = $5::jsonb, agreed_at = $6, due_at = $7,
        cancelled_by = $8::jsonb, cancelled_at = $9, destroyed = $10, destroyed_at = $11, receipt = $12, finished_at = $13,
        generation = $14, mac = $15
      WHERE tenant_id = $1::uuid AND id = $2::uuid AND generation = $3 RETURNING 1`,
    [
      unit.tenantId,
      row.id,
      row.generation,
      moved.state,
      json(moved.agreedBy),
      moved.agreedAt,
      moved.dueAt,
      json(moved.cancelledBy),
      moved.cancelledAt,
      moved.destroyed,
      moved.destroyedAt,
      moved.receipt,
      moved.finishedAt,
      moved.generation,
      moved.mac,
    ],
  );
  if (written.length === 0) throw new KeyfoldError("conflict");
  return moved;
}

const json = (actor: unknown): string | null => (actor === null ? null : JSON.stringify(actor));

export function viewShred(tenant: string, row: ShredRow): ShredView {
  const by = (actor: unknown) => (actor === null ? null : jsonActor(actor));
  return {
    id: row.id,
    tenant,
    slug: row.slug,
    state: row.state,
    reason: row.reason,
    waitSeconds: row.waitSeconds,
    requestedBy: jsonActor(row.requestedBy),
    requestedAt: row.requestedAt.toISOString(),
    agreedBy: by(row.agreedBy),
    agreedAt: iso(row.agreedAt),
    dueAt: iso(row.dueAt),
    cancelledBy: by(row.cancelledBy),
    cancelledAt: iso(row.cancelledAt),
    destroyedAt: iso(row.destroyedAt),
    finishedAt: iso(row.finishedAt),
  };
}
