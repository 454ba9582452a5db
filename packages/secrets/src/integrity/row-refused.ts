import { KeyfoldError } from "../error.ts";

/** A stored row whose MAC is wrong. Its caller reads the code's sentence; the operator's log and the audit log, which row. */
export class RowRefused extends KeyfoldError {
  readonly row: { readonly table: string; readonly id: string };

  constructor(table: string, id: string) {
    super("integrity_failed", { cause: new Error(`the MAC of a row in ${table} (${id}) does not match`) });
    this.row = { table, id };
  }
}
