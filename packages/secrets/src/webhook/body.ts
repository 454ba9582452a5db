import type { MessageRow } from "../message/row.ts";

/**
 * A webhook's body: the same bytes at every attempt. References and numbers; whoever wants the value asks for it, and is
 * judged then.
 */
export function webhookBody(tenantId: string, message: MessageRow): string {
  return JSON.stringify({
    type: message.m_kind,
    timestamp: message.m_created_at.toISOString(),
    data: messageData(tenantId, message),
  });
}

/** What a message says, in REST's spelling. */
function messageData(tenantId: string, message: MessageRow): Record<string, unknown> {
  return {
    tenant_id: tenantId,
    ...(message.m_secret_id === null
      ? {}
      : {
          project_id: message.m_project_id,
          environment_id: message.m_environment_id,
          secret_id: message.m_secret_id,
          name: message.m_name,
        }),
    ...message.m_data,
  };
}
