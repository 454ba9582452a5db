import { withTenantSql } from "@keyfold/db";
import type { Actor } from "../access/actor.ts";
import { authenticate } from "../access/authenticate.ts";
import { authorize, grantsFor } from "../access/authorize.ts";
import { again } from "../flow/again.ts";
import type { RequestInfo } from "../flow/call.ts";
import type { Services } from "../flow/services.ts";
import { perform } from "../flow/verb.ts";
import { formatMessageId } from "../message/id.ts";
import type { MessageKind } from "../message/kinds.ts";
import { MESSAGE_COLUMNS, type MessageRow } from "../message/row.ts";
import { reaches } from "../webhook/filter.ts";
import { openStream } from "./open.ts";
import type { StreamInput, StreamItem } from "./schema.ts";

const AT_ONCE = 200;

interface Row extends MessageRow {
  batch: string;
  item: number;
}

const SQL = `SELECT m.batch, m.item, ${MESSAGE_COLUMNS} FROM control_plane.tenant_messages m
   WHERE m.tenant_id = $1::uuid AND (m.batch, m.item) > ($2::bigint, $3::int)
   ORDER BY m.batch, m.item LIMIT ${AT_ONCE}`;

/**
 * A tenant's messages from a place on, in the order of their commits, none missed and none twice: messages are numbered
 * under the chain's lock, so that none appears before one that was read. What the actor may not see is left out. Before
 * anything leaves, the credential is judged anew by the database; a stream ends with it.
 * @yields each item with the id to resume after
 * @throws KeyfoldError `unauthenticated` when the credential ends, `busy`, and what `openStream` throws
 */
export async function* streamMessages(
  services: Services,
  request: RequestInfo,
  input: StreamInput,
  signal: AbortSignal,
): AsyncGenerator<{ id: string; item: StreamItem }, void, undefined> {
  const opened = await perform(services, openStream, request, input);
  const { tenantId } = opened;
  let actor: Actor = await authenticate(services, request);
  // Woken from before the first look on: what comes in between is seen by the look after it.
  const seat = services.streams.enter(tenantId, actor.id);
  const ended = AbortSignal.any([signal, services.streams.closed]);
  try {
    let { batch, item } = opened;
    yield { id: formatMessageId(opened.batchId, item), item: { type: "open", reset: opened.reset } };
    while (!ended.aborted) {
      const rows = await again(() =>
        withTenantSql(services.db, tenantId, ({ query }) => query<Row>(SQL, [tenantId, batch, item])),
      );
      actor = await authenticate(services, request);
      authorize(actor, "event.stream");
      for (const row of rows) {
        ({ batch, item } = row);
        if (!isSeen(actor, input, row)) continue;
        const id = formatMessageId(row.m_batch_id, item);
        yield { id, item: itemOf(id, row) };
      }
      if (rows.length < AT_ONCE) await seat.rest(ended);
    }
  } finally {
    seat.leave();
  }
}

function isSeen(actor: Actor, input: StreamInput, row: MessageRow): boolean {
  if (row.m_kind === "webhook.test") return false;
  if (grantsFor(actor, "event.stream")?.some((grant) => reaches(grant, row)) === false) return false;
  return input.kinds === undefined || input.kinds.includes(row.m_kind as MessageKind);
}

function itemOf(id: string, row: Row): StreamItem {
  return {
    type: "message",
    id,
    kind: row.m_kind as MessageKind,
    at: row.m_created_at.toISOString(),
    secretId: row.m_secret_id,
    projectId: row.m_project_id,
    environmentId: row.m_environment_id,
    name: row.m_name,
    data: row.m_data,
  };
}
