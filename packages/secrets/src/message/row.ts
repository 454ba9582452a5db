/** A message as it is stored, in the words of load_delivery() and the stream's query. */
export interface MessageRow {
  m_batch_id: string;
  m_kind: string;
  m_secret_id: string | null;
  m_project_id: string | null;
  m_environment_id: string | null;
  m_name: string | null;
  m_data: Record<string, string | number | boolean | null>;
  m_created_at: Date;
}

/** What a query selects of `m` for a `MessageRow`. */
export const MESSAGE_COLUMNS = [
  "batch_id",
  "kind",
  "secret_id",
  "project_id",
  "environment_id",
  "name",
  "data",
  "created_at",
]
  .map((column) => `m.${column} AS m_${column}`)
  .join(", ");
