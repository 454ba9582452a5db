import type { Query } from "@keyfold/db";
import { iso, jsonActor } from "../input/stored.ts";
import type { ConsumerKind } from "./kind.ts";
import type { ConsumerView } from "./schema.ts";

/**
 * A secret's consumers and where each stands. An instance uses the version that it acknowledged; one that never
 * acknowledged any, the version that it read last. Only live ones count.
 *   $1 tenant, $2 secret, $3 its current version
 */
const CONSUMERS = `
  moment AS MATERIALIZED (SELECT control_plane.clock() AS now),
  standing AS (
    SELECT c.*, coalesce(l.instances, 0) AS instances, coalesce(l.uses, '[]') AS uses,
           CASE WHEN l.behind THEN 'behind' WHEN NOT l.behind THEN 'current'
                WHEN c.first_read_at IS NULL AND NOT EXISTS (SELECT FROM control_plane.consumer_instances i
                  WHERE i.tenant_id = c.tenant_id AND i.secret_id = c.secret_id AND i.consumer = c.name) THEN 'never_seen'
                ELSE 'gone' END AS state
      FROM control_plane.consumers c
      LEFT JOIN LATERAL (
        SELECT sum(u.instances)::int AS instances, bool_or(u.version IS DISTINCT FROM $3::int) AS behind,
               jsonb_agg(jsonb_build_object('version', u.version, 'instances', u.instances, 'acknowledged', u.acknowledged)
                 ORDER BY u.version DESC) AS uses
          FROM (
            SELECT coalesce(i.applied_version, i.read_version) AS version, count(*)::int AS instances,
                   count(i.applied_version)::int AS acknowledged
              FROM control_plane.consumer_instances i
             WHERE i.tenant_id = c.tenant_id AND i.secret_id = c.secret_id AND i.consumer = c.name
               AND i.lease_until > (SELECT now FROM moment)
             GROUP BY 1) u) l ON true
     WHERE c.tenant_id = $1::uuid AND c.secret_id = $2::uuid)`;

const PAGE = `WITH ${CONSUMERS}
  SELECT s.name, s.kind, s.state, s.declared_at, s.declared_by, s.first_read_at, s.last_read_at, s.last_version, s.instances, s.uses
    FROM standing s
   WHERE s.name > $4::text COLLATE "C" AND ($5::text IS NULL OR s.state = $5::text) AND ($7::text IS NULL OR s.name = $7::text)
   ORDER BY s.name LIMIT $6::int`;

const SUMS = `WITH ${CONSUMERS}
  SELECT (SELECT coalesce(jsonb_object_agg(t.state, t.n), '{}') FROM (SELECT state, count(*)::int AS n FROM standing GROUP BY 1) t) AS states,
         (SELECT coalesce(jsonb_agg(jsonb_build_object('version', t.version, 'consumers', t.consumers, 'instances', t.instances)
            ORDER BY t.version DESC), '[]')
            FROM (SELECT coalesce(i.applied_version, i.read_version) AS version, count(DISTINCT i.consumer)::int AS consumers,
                         count(*)::int AS instances
                    FROM control_plane.consumer_instances i
                   WHERE i.tenant_id = $1::uuid AND i.secret_id = $2::uuid AND i.lease_until > (SELECT now FROM moment)
                   GROUP BY 1) t) AS uses`;

interface Row {
  name: string;
  kind: ConsumerKind;
  state: ConsumerView["state"];
  declared_at: Date | null;
  declared_by: unknown;
  first_read_at: Date | null;
  last_read_at: Date | null;
  last_version: number | null;
  instances: number;
  uses: ConsumerView["uses"];
}

interface Which {
  tenantId: string;
  secretId: string;
  current: number | null;
}

/** Consumers by name, after one of a name. */
export async function consumersOf(
  query: Query,
  { tenantId, secretId, current }: Which,
  page: { after: string; state: ConsumerView["state"] | undefined; limit: number; name?: string },
): Promise<ConsumerView[]> {
  const rows = await query<Row>(PAGE, [
    tenantId,
    secretId,
    current,
    page.after,
    page.state ?? null,
    page.limit,
    page.name ?? null,
  ]);
  return rows.map((row) => ({
    name: row.name,
    kind: row.kind,
    state: row.state,
    declaredAt: iso(row.declared_at),
    declaredBy: row.declared_by === null ? null : jsonActor(row.declared_by),
    firstReadAt: iso(row.first_read_at),
    lastReadAt: iso(row.last_read_at),
    lastVersion: row.last_version,
    instances: row.instances,
    uses: row.uses,
  }));
}

export interface Sums {
  states: Partial<Record<ConsumerView["state"], number>>;
  uses: { version: number; consumers: number; instances: number }[];
}

/** How many of a secret's consumers stand where, and how many use which version: over all pages. */
export async function sumsOf(query: Query, { tenantId, secretId, current }: Which): Promise<Sums> {
  const [row] = await query<Sums>(SUMS, [tenantId, secretId, current]);
  return row!;
}
