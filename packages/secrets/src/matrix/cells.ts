import type { Query } from "@keyfold/db";
import { authorizeSecret, mayReach } from "../access/authorize.ts";
import type { Unit } from "../flow/change.ts";
import { iso } from "../input/stored.ts";
import { mayOpen } from "../policy/judge.ts";
import type { Protection } from "../policy/policy.ts";
import { nextRotation, OVERDUE_MS, POLICY_COLUMNS, type PolicyRow } from "../rotation/policy/store.ts";
import { SECRET_COLUMNS, type SecretColumns, secretOf } from "../secret/rows.ts";
import type { MatrixCell } from "./schema.ts";

/** A value that ends by itself within so long is shown as ending. */
const SOON_MS = 30 * 86_400_000;

type Row = SecretColumns &
  Omit<PolicyRow, "secretId"> & {
    secretId: string | null;
    phase: string | null;
    e_protection: Protection | null;
    v_created_at: Date | null;
    digest: Uint8Array | null;
    digest_term: number | null;
    consumers: string[];
  };

const SQL = `SELECT ${SECRET_COLUMNS}, s.project_id AS p_id, s.environment_id AS e_id,
       (SELECT e.protection FROM control_plane.environments e WHERE e.tenant_id = s.tenant_id AND e.id = s.environment_id) AS e_protection,
       ${POLICY_COLUMNS}, r.phase,
       v.created_at AS v_created_at, d.digest, d.digest_term,
       ARRAY(SELECT c.name FROM control_plane.consumers c WHERE c.tenant_id = s.tenant_id AND c.secret_id = s.id
              ORDER BY c.last_read_at DESC NULLS LAST, c.name LIMIT 50) AS consumers
  FROM control_plane.secrets s
  LEFT JOIN control_plane.versions v ON v.tenant_id = s.tenant_id AND v.secret_id = s.id AND v.number = s.current_version
  LEFT JOIN control_plane.sealed_values d ON d.tenant_id = s.tenant_id AND d.secret_id = s.id AND d.number = s.current_version
  LEFT JOIN control_plane.rotation_policies p ON p.tenant_id = s.tenant_id AND p.secret_id = s.id
  LEFT JOIN control_plane.rotations r ON r.tenant_id = s.tenant_id AND r.secret_id = s.id AND r.finished_at IS NULL
 WHERE s.tenant_id = $1::uuid AND s.environment_id = ANY ($2::uuid[]) AND s.name = ANY ($3::text[]) AND s.state <> 'deleted'`;

export interface FoundCell {
  name: string;
  environmentId: string;
  tags: Readonly<Record<string, string>>;
  consumers: readonly string[];
  cell: Omit<MatrixCell, "same">;
  /** What tells equal values: of a current value that the actor may read, and of none else. */
  digest: { term: number; hex: string } | null;
}

/** The secrets of these names in these environments that the actor may see, authenticated. */
export async function cellsOf(
  unit: Unit,
  query: Query,
  environments: readonly string[],
  names: readonly string[],
): Promise<FoundCell[]> {
  const { call, tenantId, now } = unit;
  const rows = await query<Row>(SQL, [tenantId, environments, names]);
  return rows.flatMap((row) => {
    const secret = secretOf(row);
    try {
      authorizeSecret(call.actor, call.action, secret);
    } catch {
      return []; // its name is in reach elsewhere; here it is as if it were not
    }
    call.services.mac.check("secrets", tenantId, secret);
    const readable = secret.state === "live" && mayOpen(call.actor, secret, now);
    return {
      name: secret.name,
      environmentId: secret.environmentId,
      tags: secret.tags as Record<string, string>,
      consumers: mayReach(call.actor, "secret.get", secret) ? row.consumers : [],
      cell: {
        id: secret.id,
        state: secret.state === "live" ? ("live" as const) : ("empty" as const),
        version: secret.currentVersion,
        rotatedAt: iso(row.v_created_at),
        trouble: troubleOf(unit, row, now),
        readable,
      },
      digest:
        readable && row.digest !== null && row.digest_term !== null
          ? { term: row.digest_term, hex: Buffer.from(row.digest).toString("hex") }
          : null,
    };
  });
}

function troubleOf(unit: Unit, row: Row, now: Date): MatrixCell["trouble"] {
  if (row.phase === "failed" || row.phase === "undo") return "failed";
  if (row.secretId === null) return null;
  const policy = { ...row, secretId: row.secretId };
  unit.call.services.mac.check("rotationPolicies", unit.tenantId, policyOnly(policy));
  if (policy.expiresAt !== null && policy.expiresAt <= now) return "expired";
  const next = nextRotation(policy, row.v_created_at)?.getTime() ?? Number.POSITIVE_INFINITY;
  if (next + OVERDUE_MS <= now.getTime()) return "overdue";
  if (next <= now.getTime()) return "due";
  return policy.expiresAt !== null && policy.expiresAt.getTime() - now.getTime() <= SOON_MS
    ? "expiring"
    : null;
}

/** A policy's own fields, as its MAC was made over them. */
function policyOnly(row: PolicyRow): PolicyRow {
  const { secretId, schedule, required, owner, rotator, config, expiresAt, anchorAt, tryAt, remindAt } = row;
  const { reminded, setAt, setBy, generation, mac } = row;
  return {
    secretId,
    schedule,
    required,
    owner,
    rotator,
    config,
    expiresAt,
    anchorAt,
    tryAt,
    remindAt,
    reminded,
    setAt,
    setBy,
    generation,
    mac,
  };
}
