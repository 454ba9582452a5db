import { type Query, withDeploymentSql, withTenantSql } from "@keyfold/db";
import { describeCause } from "../../error.ts";
import { again } from "../../flow/again.ts";
import { onPool } from "../../flow/query.ts";
import type { Services } from "../../flow/services.ts";
import { MESSAGE_COLUMNS, type MessageRow } from "../../message/row.ts";
import { isFor, type Reads } from "../filter.ts";
import { type EndpointRow, endpointOf, type StoredEndpoint } from "../rows.ts";
import { LAZILY } from "./lazily.ts";

const TENANTS_AT_ONCE = 50;
const MESSAGES_AT_ONCE = 500;

/** Whether any message waits to be handed over or any delivery to be made; in one statement, since it is asked all day. */
export async function isAnythingWaiting({ db }: Services): Promise<boolean> {
  const [row] = await again(() =>
    onPool(db)<{ waiting: boolean }>("SELECT control_plane.webhooks_waiting() AS waiting", []),
  );
  return row!.waiting;
}

/**
 * Hands messages over: for each endpoint that wants one, a delivery. Any number of processes may do it at once; each
 * message is handed over in one transaction, once.
 * @returns how many messages were
 */
export async function routeMessages(services: Services): Promise<number> {
  const tenants = await again(() =>
    withDeploymentSql(services.db, ({ query }) =>
      query<{ id: string }>("SELECT id FROM control_plane.tenants_to_route($1::int) AS id", [
        TENANTS_AT_ONCE,
      ]),
    ),
  );
  let routed = 0;
  for (const { id } of tenants) routed += await again(() => routeOf(services, id));
  return routed;
}

interface Row extends MessageRow {
  batch: string;
  item: number;
}

async function routeOf(services: Services, tenantId: string): Promise<number> {
  return withTenantSql(services.db, tenantId, async ({ query, now }) => {
    const messages = await query<Row>(
      `SELECT ${LAZILY}, m.batch, m.item, ${MESSAGE_COLUMNS} FROM control_plane.tenant_messages m
        WHERE m.tenant_id = $1::uuid AND NOT m.routed ORDER BY m.batch, m.item LIMIT ${MESSAGES_AT_ONCE} FOR UPDATE SKIP LOCKED`,
      [tenantId],
    );
    if (messages.length === 0) return 0;
    const endpoints = await endpointsOf(services, query, tenantId);
    const reads = await readsOf(query, tenantId, messages, endpoints);
    const wanted = messages.flatMap((message) =>
      endpoints.flatMap((endpoint) => (isFor(endpoint, message, reads) ? [{ message, endpoint }] : [])),
    );
    if (wanted.length > 0)
      await query(
        `INSERT INTO control_plane.webhook_deliveries
             (tenant_id, batch, item, endpoint_id, state, attempts, due_at, log, created_at)
           SELECT $1::uuid, w.batch, w.item, w.endpoint, 'waiting', 0, $5::timestamptz, '[]'::jsonb, $5::timestamptz
             FROM unnest($2::bigint[], $3::int[], $4::uuid[]) AS w (batch, item, endpoint)
           ON CONFLICT DO NOTHING`,
        [
          tenantId,
          wanted.map(({ message }) => message.batch),
          wanted.map(({ message }) => message.item),
          wanted.map(({ endpoint }) => endpoint.id),
          now,
        ],
      );
    await query(
      `UPDATE control_plane.tenant_messages m SET routed = true
         FROM unnest($2::bigint[], $3::int[]) AS r (batch, item)
        WHERE m.tenant_id = $1::uuid AND m.batch = r.batch AND m.item = r.item`,
      [tenantId, messages.map(({ batch }) => batch), messages.map(({ item }) => item)],
    );
    return messages.length;
  });
}

/** Which of the messages' secrets the consumers that have endpoints read, or were declared to. */
async function readsOf(
  query: Query,
  tenantId: string,
  messages: readonly MessageRow[],
  endpoints: readonly EndpointRow[],
): Promise<Reads> {
  const consumers = endpoints.flatMap(({ filter }) => filter.consumer ?? []);
  if (consumers.length === 0) return () => false;
  const rows = await query<{ pair: string }>(
    `SELECT name || '/' || secret_id::text AS pair FROM control_plane.consumers
      WHERE tenant_id = $1::uuid AND name = ANY ($2::text[]) AND secret_id = ANY ($3::uuid[])`,
    [tenantId, consumers, messages.flatMap(({ m_secret_id }) => m_secret_id ?? [])],
  );
  const pairs = new Set(rows.map(({ pair }) => pair));
  return (consumer, secretId) => pairs.has(`${consumer}/${secretId}`);
}

/** The endpoints that are told anything. One whose row is not authentic is told nothing, and the log says so. */
async function endpointsOf(services: Services, query: Query, tenantId: string): Promise<EndpointRow[]> {
  const rows = await query<StoredEndpoint>(
    "SELECT * FROM control_plane.webhook_endpoints WHERE tenant_id = $1::uuid AND deleted_at IS NULL AND disabled_at IS NULL",
    [tenantId],
  );
  return rows.flatMap((row) => {
    try {
      return [endpointOf(services.mac, tenantId, row)];
    } catch (error) {
      services.log.error(
        { code: "integrity_failed", tenant: tenantId, webhook: row.id, cause: describeCause(error) },
        "a webhook endpoint's row is not authentic, and nothing is sent to it",
      );
      return [];
    }
  });
}
