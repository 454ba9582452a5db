import type { SecretView } from "./router.ts";

export interface ReadOptions {
  /** Asks the server, whatever the cache holds. */
  fresh?: boolean;
}

export interface ChangeOptions {
  /** Why: kept with the version and in the audit log. */
  reason?: string;
  /** Refused with `version_mismatch` unless the current version has this number; 0: there must be none. */
  expectedVersion?: number;
}

export interface DeleteOptions extends ChangeOptions {
  /** Also where consumers still read it, else refused with `in_use`; wants a `reason`. */
  force?: boolean;
}

export interface WriteOptions extends ChangeOptions {
  /** 8 to 255 printable ASCII characters; a random one when left out, so that a retry is safe. */
  idempotencyKey?: string;
}

export interface RotateOptions extends WriteOptions {
  /** How long the superseded version still opens, in seconds; the secret's own setting when left out. */
  graceSeconds?: number;
}

export interface ListOptions {
  /** Only names that start so. */
  prefix?: string;
  state?: SecretView["state"];
}
