import { KeyfoldError } from "../../error.ts";
import type { Unit } from "../../flow/change.ts";
import { iso, jsonActor } from "../../input/stored.ts";
import type { Loaded } from "../../secret/load.ts";
import { dueAfter, type Schedule, scheduleSchema } from "../schedule/schedule.ts";
import type { PolicyView } from "./schema.ts";

/** What has been due for so long is late, whatever rotates it. */
export const OVERDUE_MS = 86_400_000;

export interface PolicyRow {
  secretId: string;
  schedule: string | null;
  required: boolean;
  owner: string | null;
  rotator: string | null;
  config: string | null;
  expiresAt: Date | null;
  anchorAt: Date;
  tryAt: Date | null;
  remindAt: Date | null;
  reminded: number;
  setAt: Date;
  setBy: unknown;
  generation: number;
  mac: Uint8Array;
}

export const POLICY_COLUMNS = `p.secret_id AS "secretId", p.schedule, p.required, p.owner, p.rotator, p.config,
  p.expires_at AS "expiresAt", p.anchor_at AS "anchorAt", p.try_at AS "tryAt", p.remind_at AS "remindAt", p.reminded,
  p.set_at AS "setAt", p.set_by AS "setBy", p.generation, p.mac`;

/** A secret's policy, authenticated; null where it has none. @throws KeyfoldError `integrity_failed` */
export async function loadPolicy(unit: Unit, secretId: string): Promise<PolicyRow | null> {
  const row = await storedPolicy(unit, secretId);
  return row === null || isRemoved(row) ? null : row;
}

/** Rows are not deleted: one that asks for nothing was removed. */
export const isRemoved = (row: PolicyRow): boolean => (row.schedule ?? row.rotator ?? row.expiresAt) === null;

/** `loadPolicy`, a removed one too: what the next one is written over. */
export async function storedPolicy(unit: Unit, secretId: string): Promise<PolicyRow | null> {
  const [row] = await unit.query<PolicyRow>(
    `SELECT ${POLICY_COLUMNS} FROM control_plane.rotation_policies p WHERE p.tenant_id = $1::uuid AND p.secret_id = $2::uuid`,
    [unit.tenantId, secretId],
  );
  if (row === undefined) return null;
  unit.call.services.mac.check("rotationPolicies", unit.tenantId, row);
  return row;
}

/** Writes a policy: a new one, or over the generation before it. @throws KeyfoldError `conflict` */
export async function writePolicy(
  unit: Unit,
  before: PolicyRow | null,
  to: Omit<PolicyRow, "generation" | "mac">,
): Promise<PolicyRow> {
  const generation = (before?.generation ?? 0) + 1;
  const row = unit.call.services.mac.seal("rotationPolicies", unit.tenantId, { ...to, generation });
  const written = await unit.query(
    `INSERT INTO control_plane.rotation_policies AS p (tenant_id, secret_id, schedule, required, owner, rotator, config,
         expires_at, anchor_at, try_at, remind_at, reminded, set_at, set_by, generation, mac)
       VALUES ($1::uuid, $2::uuid, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::jsonb, $15, $16)
     ON CONFLICT (tenant_id, secret_id) DO UPDATE SET schedule = $3, required = $4, owner = $5, rotator = $6, config = $7,
         expires_at = $8, anchor_at = $9, try_at = $10, remind_at = $11, reminded = $12, set_at = $13, set_by = $14::jsonb,
         generation = $15, mac = $16 WHERE p.generation = $15 - 1
     RETURNING 1`,
    [
      unit.tenantId,
      row.secretId,
      row.schedule,
      row.required,
      row.owner,
      row.rotator,
      row.config,
      row.expiresAt,
      row.anchorAt,
      row.tryAt,
      row.remindAt,
      row.reminded,
      row.setAt,
      row.setBy,
      row.generation,
      row.mac,
    ],
  );
  if (written.length === 0) throw new KeyfoldError("conflict");
  return row;
}

/** Moves what the scheduler goes by. */
export async function movePolicy(
  unit: Unit,
  policy: PolicyRow,
  to: Partial<Pick<PolicyRow, "tryAt" | "remindAt" | "reminded">>,
): Promise<PolicyRow> {
  const { mac: _, generation: __, ...old } = policy;
  return writePolicy(unit, policy, { ...old, setBy: policy.setBy as object, ...to });
}

/** A policy's schedule, parsed; null: it has none. */
export function scheduleOf(policy: Pick<PolicyRow, "schedule">): Schedule | null {
  return policy.schedule === null ? null : scheduleSchema.parse(JSON.parse(policy.schedule));
}

/**
 * When a secret is due, by its policy. Days are counted from the moment when its current value came, a cron expression
 * from then or from when it was set, whichever is later.
 * @param since when the current value came; null where there is none
 */
export function nextRotation(policy: PolicyRow, since: Date | null): Date | null {
  const schedule = scheduleOf(policy);
  if (schedule === null) return null;
  const later = since === null || since < policy.anchorAt ? policy.anchorAt : since;
  return dueAfter(schedule, schedule.everyDays === undefined ? later : (since ?? policy.anchorAt));
}

/** What a policy says by itself, of a secret whose current value came at a moment, or has none. */
export function viewOf(policy: PolicyRow, { since, now }: { since: Date | null; now: Date }) {
  const next = nextRotation(policy, since);
  return {
    schedule: scheduleOf(policy),
    required: policy.required,
    owner: policy.owner,
    expiresAt: iso(policy.expiresAt),
    expired: policy.expiresAt !== null && policy.expiresAt <= now,
    lastRotatedAt: iso(since),
    nextRotationAt: iso(next),
    due: next !== null && next <= now,
    overdue: next !== null && next.getTime() + OVERDUE_MS <= now.getTime(),
  };
}

export function viewPolicy(
  policy: PolicyRow,
  loaded: Pick<Loaded, "secret" | "version" | "now">,
): PolicyView {
  return {
    secretId: policy.secretId,
    name: loaded.secret.name,
    rotator:
      policy.rotator === null
        ? null
        : { kind: policy.rotator, config: JSON.parse(policy.config!) as Record<string, unknown> },
    ...viewOf(policy, { since: loaded.version?.createdAt ?? null, now: loaded.now }),
    setAt: policy.setAt.toISOString(),
    setBy: jsonActor(policy.setBy),
  };
}
