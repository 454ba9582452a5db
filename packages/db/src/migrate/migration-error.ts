/** What can stop a migration. */
export type MigrationErrorCode =
  | "migration_failed"
  | "migration_unfinished"
  | "migration_edited"
  | "database_ahead"
  | "histories_diverge"
  | "schema_invalid"
  | "database_unreachable"
  | "engine_failed";

/** A migration that cannot be made or applied. The message is for a person, who decides what to do. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
  readonly code: MigrationErrorCode;

  constructor(code: MigrationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
