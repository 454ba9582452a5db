import { SecretValue } from "@keyfold/envelope/secret-value";
import pg from "pg";
import Cursor from "pg-cursor";
import { type Source, SourceError } from "../entry.ts";

/** A column, or a literal where there is none. */
export interface Table {
  /** Schema and table, such as `public.tenant_secrets`. */
  table: string;
  tenant: string | null;
  name: string;
  value: string;
}

interface TableRow {
  tenant: string | null;
  name: string;
  value: string | Buffer | null;
}

/**
 * A source of a table's values, whichever way they were encrypted.
 * @param open opens one value @throws SourceError that names the row and quotes nothing of it
 */
export function tableSource(
  kind: string,
  url: string,
  table: Table,
  open: (value: string | Buffer, row: number) => Buffer | Promise<Buffer>,
): Source {
  return {
    kind,
    async *read() {
      let row = 0;
      for await (const { tenant, name, value } of tableRows(url, table)) {
        row++;
        if (value === null) continue;
        yield {
          from: `row ${row}`,
          tenant,
          project: null,
          environment: null,
          name,
          value: SecretValue.takeOverGiven(await open(value, row)),
        };
      }
    },
  };
}

const ROWS = 500;
const NAME = /^[A-Za-z_][A-Za-z0-9_$]*$/;

/** A table's rows, some hundreds at a time, in one read-only snapshot; nothing but these columns is asked for. */
async function* tableRows(url: string, { table, ...columns }: Table): AsyncGenerator<TableRow> {
  const parts = table.split(".");
  if (parts.length > 2 || !parts.every((part) => NAME.test(part)))
    throw new SourceError("The table's name is none such as public.secrets.");
  for (const column of Object.values(columns))
    if (column !== null && !NAME.test(column))
      throw new SourceError("A column's name has letters, digits and underscores only.");
  const client = new pg.Client({ connectionString: url, application_name: "keyfold import" });
  client.on("error", () => {}); // what is lost is told by the query that is under way
  const told = toldOf(table);
  await client.connect().catch(told);
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").catch(told);
    const { tenant, name, value } = columns;
    const cursor = client.query(
      new Cursor<TableRow>(
        `SELECT ${tenant === null ? "NULL" : `${quoted(tenant)}::text`} AS tenant, ${quoted(name)}::text AS name, ${quoted(value)} AS value
           FROM ${parts.map(quoted).join(".")} ORDER BY 1, 2`,
      ),
    );
    for (;;) {
      const rows = await cursor.read(ROWS).catch(told);
      if (rows.length === 0) return;
      yield* rows;
    }
  } finally {
    await client.end().catch(() => {});
  }
}

const quoted = (name: string): string => `"${name}"`;

/** The drivers' own messages can quote a connection string, or a row. */
const toldOf =
  (table: string) =>
  (error: { code?: string }): never => {
    switch (error.code) {
      case "42P01":
        throw new SourceError(`There is no table ${table} that this role may see.`);
      case "42703":
        throw new SourceError(`The table ${table} lacks one of the columns that are asked for.`);
      case "42501":
        throw new SourceError(`This role may not read ${table}.`);
      case "28P01":
      case "28000":
        throw new SourceError("The old database refused the role or its password.");
      default:
        throw new SourceError(`The old database cannot be read (${error.code ?? "connection lost"}).`);
    }
  };
