/** What can go wrong with the embedded server; the caller decides by code, a person reads the sentence. */
export type EmbeddedErrorCode =
  | "already_running"
  | "binaries_unusable"
  | "credentials_missing"
  | "no_server_user"
  | "folder_unusable"
  | "initdb_failed"
  | "start_failed"
  | "stop_failed";

/** An embedded PostgreSQL that cannot do what was asked. The message is one sentence for a person. */
export class EmbeddedPostgresError extends Error {
  override readonly name = "EmbeddedPostgresError";
  readonly code: EmbeddedErrorCode;

  constructor(code: EmbeddedErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
