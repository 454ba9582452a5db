import type { SecretValue } from "@keyfold/envelope/secret-value";

/** One secret, as its old home has it. */
export interface Entry {
  /** Where it was found, for the report: a line, a row, a path. Never a value. */
  from: string;
  /** The old home's own name of the tenant; null where it has none. */
  tenant: string | null;
  project: string | null;
  environment: string | null;
  name: string;
  /** Whoever takes the entry may wipe it. */
  value: SecretValue;
  /**
   * The values that it had before, oldest first, where the source keeps them and was asked to give them. Asked for only
   * where they are written, since each may be a request of its own.
   */
  older?: () => Promise<SecretValue[]>;
}

/**
 * Where secrets are now. It is read more than once (to look, to write, to verify), and may answer otherwise each time,
 * since others go on using it.
 */
export interface Source {
  /** What the report calls it, such as ".env file". */
  readonly kind: string;
  /** @throws SourceError, and nothing that quotes what it read */
  read(signal?: AbortSignal): AsyncIterable<Entry>;
}

/** A source that cannot be read: the sentence says where and what to do, and holds no value. */
export class SourceError extends Error {
  override readonly name = "SourceError";
}
