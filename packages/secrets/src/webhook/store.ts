import type { Query } from "@keyfold/db";
import { KeyfoldError } from "../error.ts";
import type { RowMac } from "../integrity/row-mac.ts";
import type { EndpointRow, Health } from "./rows.ts";

const COLUMNS = {
  url: ["url", "text"],
  description: ["description", "text"],
  filter: ["filter", "jsonb"],
  scope: ["scope", "jsonb"],
  expiresAt: ["expires_at", "timestamptz"],
  disabledAt: ["disabled_at", "timestamptz"],
  disabledReason: ["disabled_reason", "text"],
  secretNumber: ["secret_number", "int"],
  previousUntil: ["previous_until", "timestamptz"],
  createdAt: ["created_at", "timestamptz"],
  createdBy: ["created_by", "jsonb"],
  updatedAt: ["updated_at", "timestamptz"],
  deletedAt: ["deleted_at", "timestamptz"],
  generation: ["generation", "int"],
  mac: ["mac", "bytea"],
} as const satisfies Partial<Record<keyof EndpointRow, readonly [column: string, type: string]>>;
const FIELDS = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];
const valuesOf = (row: EndpointRow) =>
  FIELDS.map((field) => (COLUMNS[field][1] === "jsonb" ? JSON.stringify(row[field]) : row[field]));
/** A field's parameter, where the fields' begin after so many others. */
const at = (field: keyof typeof COLUMNS, before: number) =>
  `$${FIELDS.indexOf(field) + before + 1}::${COLUMNS[field][1]}`;

const INSERT = `INSERT INTO control_plane.webhook_endpoints (tenant_id, id, ${FIELDS.map((field) => COLUMNS[field][0]).join(", ")})
  VALUES ($1::uuid, $2::uuid, ${FIELDS.map((field) => at(field, 2)).join(", ")})`;
const UPDATE = `UPDATE control_plane.webhook_endpoints
   SET ${FIELDS.map((field) => `${COLUMNS[field][0]} = ${at(field, 3)}`).join(", ")}
 WHERE tenant_id = $1::uuid AND id = $2::uuid AND generation = $3::int RETURNING 1`;

interface Tx {
  query: Query;
  tenantId: string;
}

/** Writes a new endpoint's row, sealed by the caller. */
export async function insertEndpoint({ query, tenantId }: Tx, row: EndpointRow): Promise<void> {
  await query(INSERT, [tenantId, row.id, ...valuesOf(row)]);
}

/** Writes an endpoint's row anew, one generation on. @throws KeyfoldError `conflict` when another came first */
export async function moveEndpoint(
  { query, tenantId, now }: Tx & { now: Date },
  mac: RowMac,
  row: EndpointRow,
  to: Partial<EndpointRow>,
): Promise<EndpointRow> {
  const { mac: _, ...old } = row;
  const moved = mac.seal("webhookEndpoints", tenantId, {
    ...old,
    ...to,
    updatedAt: now,
    generation: row.generation + 1,
  });
  const written = await query(UPDATE, [tenantId, row.id, row.generation, ...valuesOf(moved)]);
  if (written.length === 0) throw new KeyfoldError("conflict");
  return moved;
}

/** Gives up what is waiting for an endpoint that will not be sent to; it can be replayed. */
export async function giveUpWaiting({ query, tenantId }: Tx, endpointId: string, now: Date): Promise<void> {
  await query(
    `UPDATE control_plane.webhook_deliveries SET state = 'dead', finished_at = $3::timestamptz, lease = NULL
      WHERE tenant_id = $1::uuid AND endpoint_id = $2::uuid AND state = 'waiting'`,
    [tenantId, endpointId, now],
  );
}

export async function healthOf({ query, tenantId }: Tx, endpointId: string): Promise<Health | null> {
  const [row] = await query<Health>(
    `SELECT failing_since AS "failingSince", failures, last_success_at AS "lastSuccessAt"
       FROM control_plane.webhook_health WHERE tenant_id = $1::uuid AND endpoint_id = $2::uuid`,
    [tenantId, endpointId],
  );
  return row ?? null;
}

/** An endpoint that is enabled again begins with a clean sheet: else one more failure would disable it at once. */
export async function clearHealth({ query, tenantId }: Tx, endpointId: string): Promise<void> {
  await query(
    `UPDATE control_plane.webhook_health SET failing_since = NULL, failures = 0
      WHERE tenant_id = $1::uuid AND endpoint_id = $2::uuid`,
    [tenantId, endpointId],
  );
}
