import { EmbeddedPostgresError } from "@keyfold/db/embedded";
import { MigrationError } from "@keyfold/db/migrate";
import { EnvelopeError } from "@keyfold/envelope";
import { DeploymentError } from "@keyfold/secrets";
import { ConfigError } from "../config.ts";

/** A start that must not go on. The message is for the person who started it, and says what to do. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/** One sentence (or a few lines, for several settings) for whatever stopped the start. Never a stack, never a value. */
export function sentenceOf(error: unknown): string {
  if (
    error instanceof StartError ||
    error instanceof ConfigError ||
    error instanceof EmbeddedPostgresError ||
    error instanceof MigrationError ||
    error instanceof DeploymentError ||
    error instanceof EnvelopeError
  )
    return error.message;
  const { code, syscall, name } = (error ?? {}) as { code?: unknown; syscall?: unknown; name?: unknown };
  return (
    systemSentence(code, syscall) ??
    databaseSentence(code) ??
    `Keyfold could not start (${labelOf(name, code)}).`
  );
}

const labelOf = (name: unknown, code: unknown): string =>
  [name, code].filter((part) => typeof part === "string").join(" ") || "unknown error";

function systemSentence(code: unknown, syscall: unknown): string | null {
  switch (code) {
    case "EADDRINUSE":
      return "The port is taken by another program. Stop that one, or choose another port with KEYFOLD_PORT.";
    case "EADDRNOTAVAIL":
      return "This machine has no such address to bind. Set KEYFOLD_HOST to one that it has.";
    case "EACCES":
      return syscall === "listen"
        ? "This user may not bind that port. Choose one above 1023 with KEYFOLD_PORT."
        : "A file or folder that Keyfold needs is closed to this user.";
    case "ENOSPC":
      return "The disk is full.";
    default:
      return null;
  }
}

/** SQLSTATEs, and what Node says of connections. The drivers' own messages can quote a connection string. */
function databaseSentence(code: unknown): string | null {
  switch (code) {
    case "ECONNREFUSED":
    case "ENOTFOUND":
    case "EHOSTUNREACH":
    case "ETIMEDOUT":
    case "EAI_AGAIN":
    case "ECONNRESET":
      return `The database at DATABASE_URL cannot be reached (${code}).`;
    case "28P01":
    case "28000":
      return "The database refused the role or its password. Check DATABASE_URL.";
    case "3D000":
      return "The database that DATABASE_URL names does not exist.";
    case "42704":
      return "The role that DATABASE_URL names does not exist in the database.";
    case "57P03":
      return "The database is starting up or shutting down. Try again.";
    case "53300":
      return "The database takes no more connections.";
    default:
      return null;
  }
}
