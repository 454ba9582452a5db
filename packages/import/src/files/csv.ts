import { SecretValue } from "@keyfold/envelope/secret-value";
import { parse } from "csv-parse/sync";
import { type Source, SourceError } from "../entry.ts";
import { fileSource, textOf } from "./file-source.ts";

/** Columns by what they may be called. */
const COLUMNS = {
  name: ["name", "key", "key_name"],
  value: ["value", "secret"],
  tenant: ["tenant", "tenant_id", "company_id"],
  project: ["project"],
  environment: ["environment", "env"],
} as const;

/** A CSV file (RFC 4180) with a head line: name and value, and where they are, tenant, project and environment. */
export function csvSource(path: string): Source {
  return fileSource("CSV file", path, function* (bytes) {
    let rows: Record<string, string>[];
    try {
      rows = parse(textOf(bytes, path), {
        columns: (head: string[]) => head.map((column) => column.trim().toLowerCase()),
        skip_empty_lines: true,
      });
    } catch (error) {
      if (error instanceof SourceError) throw error;
      const { lines } = error as { lines?: number };
      throw new SourceError(
        `${path} is not CSV${lines === undefined ? "" : `: line ${lines} has other columns, or quotes that do not close`}.`,
      );
    }
    const first = rows[0];
    if (first === undefined) return;
    const column = (of: keyof typeof COLUMNS) => COLUMNS[of].find((name) => Object.hasOwn(first, name));
    const [name, value] = [column("name"), column("value")];
    if (name === undefined || value === undefined)
      throw new SourceError(`${path} has no columns "name" and "value" in its first line.`);
    const maybe = {
      tenant: column("tenant"),
      project: column("project"),
      environment: column("environment"),
    };
    for (const [i, row] of rows.entries()) {
      const of = (column: string | undefined) =>
        column === undefined || row[column] === "" ? null : row[column]!;
      yield {
        from: `row ${i + 1}`,
        name: row[name]!,
        value: SecretValue.ofText(row[value]!),
        tenant: of(maybe.tenant),
        project: of(maybe.project),
        environment: of(maybe.environment),
      };
    }
  });
}
