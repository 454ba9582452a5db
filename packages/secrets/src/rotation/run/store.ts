import { randomUUID } from "node:crypto";
import { ROTATOR_ERROR_CODES, type RotatorErrorCode, sentenceOf } from "@keyfold/rotators";
import { KeyfoldError } from "../../error.ts";
import type { Unit } from "../../flow/change.ts";
import { iso, jsonActor } from "../../input/stored.ts";
import type { RotationView } from "./schema.ts";

/** Why a rotation does not get on: a rotator's own code, or one of the engine's. */
export type Problem = RotatorErrorCode | "superseded" | "unknown_rotator";

const SENTENCES: Record<Exclude<Problem, RotatorErrorCode>, string> = {
  superseded: "Another version became current while this one was being made.",
  unknown_rotator: "This deployment has no rotator of this kind. Configure it, or set another policy.",
};

export interface RotationRow {
  id: string;
  secretId: string;
  version: number | null;
  kind: string;
  config: string;
  phase: RotationView["phase"];
  notes: string | null;
  cause: Problem | null;
  problem: Problem | null;
  targetCode: string | null;
  attempts: number;
  reason: string | null;
  startedBy: unknown;
  startedAt: Date;
  updatedAt: Date;
  tryAt: Date | null;
  finishedAt: Date | null;
  cleanAt: Date | null;
  generation: number;
  mac: Uint8Array;
}

const COLUMNS = `r.id, r.secret_id AS "secretId", r.version, r.kind, r.config, r.phase, r.notes, r.cause, r.problem,
  r.target_code AS "targetCode", r.attempts, r.reason, r.started_by AS "startedBy", r.started_at AS "startedAt",
  r.updated_at AS "updatedAt", r.try_at AS "tryAt", r.finished_at AS "finishedAt", r.clean_at AS "cleanAt", r.generation, r.mac`;

const checked = (unit: Unit, row: RotationRow | undefined): RotationRow | null => {
  if (row === undefined) return null;
  unit.call.services.mac.check("rotations", unit.tenantId, row);
  return row;
};

/** @throws KeyfoldError `integrity_failed` */
export async function loadRotation(unit: Unit, id: string): Promise<RotationRow | null> {
  const [row] = await unit.query<RotationRow>(
    `SELECT ${COLUMNS} FROM control_plane.rotations r WHERE r.tenant_id = $1::uuid AND r.id = $2::uuid`,
    [unit.tenantId, id],
  );
  return checked(unit, row);
}

/** A secret's open rotation, or else its last one. */
export async function lastRotation(unit: Unit, secretId: string): Promise<RotationRow | null> {
  const [row] = await unit.query<RotationRow>(
    `SELECT ${COLUMNS} FROM control_plane.rotations r WHERE r.tenant_id = $1::uuid AND r.secret_id = $2::uuid
      ORDER BY r.finished_at IS NULL DESC, r.started_at DESC LIMIT 1`,
    [unit.tenantId, secretId],
  );
  return checked(unit, row);
}

/** What rotators noted of versions that still open or are being made. */
export async function notesStillOpen(unit: Unit, secretId: string, kind: string): Promise<unknown[]> {
  const rows = await unit.query<RotationRow>(
    `SELECT ${COLUMNS} FROM control_plane.rotations r
       JOIN control_plane.versions v ON v.tenant_id = r.tenant_id AND v.secret_id = r.secret_id AND v.number = r.version
        AND v.state IN ('pending', 'current', 'grace')
      WHERE r.tenant_id = $1::uuid AND r.secret_id = $2::uuid AND r.kind = $3 AND r.notes IS NOT NULL`,
    [unit.tenantId, secretId, kind],
  );
  return rows.map((row) => JSON.parse(checked(unit, row)!.notes!) as unknown);
}

type NewRotation = Pick<RotationRow, "secretId" | "kind" | "config" | "reason" | "startedBy"> &
  Partial<Pick<RotationRow, "version" | "phase" | "notes" | "cause" | "targetCode" | "finishedAt" | "tryAt">>;

/** @throws through the unique index where the secret has an open one */
export async function insertRotation(unit: Unit, facts: NewRotation): Promise<RotationRow> {
  const row = unit.call.services.mac.seal("rotations", unit.tenantId, {
    id: randomUUID(),
    version: null,
    phase: "make" as const,
    notes: null,
    cause: null,
    problem: null,
    targetCode: null,
    attempts: 0,
    startedAt: unit.now,
    updatedAt: unit.now,
    tryAt: unit.now as Date | null,
    finishedAt: null,
    cleanAt: null,
    ...facts,
    startedBy: facts.startedBy as object,
    generation: 1,
  });
  await unit.query(
    `INSERT INTO control_plane.rotations (tenant_id, id, secret_id, version, kind, config, phase, notes, cause, problem,
         target_code, attempts, reason, started_by, started_at, updated_at, try_at, finished_at, clean_at, generation, mac)
       VALUES ($1::uuid, $2::uuid, $3::uuid, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::jsonb, $15, $16, $17, $18, $19, $20, $21)`,
    [
      unit.tenantId,
      row.id,
      row.secretId,
      row.version,
      row.kind,
      row.config,
      row.phase,
      row.notes,
      row.cause,
      row.problem,
      row.targetCode,
      row.attempts,
      row.reason,
      row.startedBy,
      row.startedAt,
      row.updatedAt,
      row.tryAt,
      row.finishedAt,
      row.cleanAt,
      row.generation,
      row.mac,
    ],
  );
  return row;
}

/**
 * Writes a rotation's row anew, one generation on.
 * @param holder the lease that must still hold, where one is held; a new step is another two minutes
 * @throws KeyfoldError `conflict` where somebody else came first
 */
export async function moveRotation(
  unit: Unit,
  rotation: RotationRow,
  to: Partial<Omit<RotationRow, "id" | "secretId" | "kind" | "config" | "generation" | "mac">>,
  holder: string | null = null,
): Promise<RotationRow> {
  const { mac: _, ...old } = rotation;
  const row = unit.call.services.mac.seal("rotations", unit.tenantId, {
    ...old,
    ...to,
    startedBy: rotation.startedBy as object,
    updatedAt: unit.now,
    generation: rotation.generation + 1,
  });
  const written = await unit.query(
    `UPDATE control_plane.rotations SET version = $4, phase = $5, notes = $6, cause = $7, problem = $8, target_code = $9,
        attempts = $10, reason = $11, updated_at = $12, try_at = $13, finished_at = $14, clean_at = $15, generation = $16,
        mac = $17, lease_until = CASE WHEN $18::uuid IS NULL THEN lease_until ELSE control_plane.clock() + interval '2 minutes' END
      WHERE tenant_id = $1::uuid AND id = $2::uuid AND generation = $3
        AND ($18::uuid IS NULL OR (lease_by = $18::uuid AND lease_until > control_plane.clock())) RETURNING 1`,
    [
      unit.tenantId,
      row.id,
      rotation.generation,
      row.version,
      row.phase,
      row.notes,
      row.cause,
      row.problem,
      row.targetCode,
      row.attempts,
      row.reason,
      row.updatedAt,
      row.tryAt,
      row.finishedAt,
      row.cleanAt,
      row.generation,
      row.mac,
      holder,
    ],
  );
  if (written.length === 0) throw new KeyfoldError("conflict");
  return row;
}

/**
 * Takes a rotation for two minutes by the database's clock, which each step renews.
 * @returns who holds it now; null where somebody else does
 */
export async function takeLease(unit: Unit, id: string): Promise<string | null> {
  const holder = randomUUID();
  const taken = await unit.query(
    `UPDATE control_plane.rotations SET lease_by = $3::uuid, lease_until = control_plane.clock() + interval '2 minutes'
      WHERE tenant_id = $1::uuid AND id = $2::uuid AND (lease_until IS NULL OR lease_until <= control_plane.clock()) RETURNING 1`,
    [unit.tenantId, id, holder],
  );
  return taken.length === 0 ? null : holder;
}

/** Lets another process go on with a rotation, unless another has it already. */
export async function dropLease(unit: Unit, id: string, holder: string): Promise<void> {
  await unit.query(
    `UPDATE control_plane.rotations SET lease_by = NULL, lease_until = NULL
      WHERE tenant_id = $1::uuid AND id = $2::uuid AND lease_by = $3::uuid`,
    [unit.tenantId, id, holder],
  );
}

export function viewRotation(row: RotationRow): RotationView {
  const code = row.cause ?? row.problem;
  return {
    id: row.id,
    secretId: row.secretId,
    kind: row.kind,
    version: row.version,
    phase: row.phase,
    cause: row.cause,
    problem: row.problem,
    targetCode: row.targetCode,
    sentence: code === null ? null : sentence(code),
    attempts: row.attempts,
    nextTryAt: iso(row.finishedAt === null ? row.tryAt : null),
    reason: row.reason,
    startedBy: jsonActor(row.startedBy),
    startedAt: row.startedAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    finishedAt: iso(row.finishedAt),
  };
}

/** What people are told of a rotation's problem. */
export function sentence(code: Problem): string {
  return isRotatorCode(code) ? sentenceOf(code) : SENTENCES[code];
}

function isRotatorCode(code: Problem): code is RotatorErrorCode {
  return (ROTATOR_ERROR_CODES as readonly string[]).includes(code);
}
