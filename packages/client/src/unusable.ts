import { isKeyfoldError, KeyfoldClientError } from "./error.ts";

/** Whether an error is a word about a secret, rather than about the call, the token or the server. */
export function isAboutOneSecret(error: unknown): error is KeyfoldClientError {
  return isKeyfoldError(
    error,
    "not_found",
    "secret_empty",
    "version_pending",
    "version_kept",
    "version_expired",
    "version_revoked",
    "version_destroyed",
    "decryption_failed",
    "integrity_failed",
    "value_invalid",
  );
}

/**
 * One error for all that is wrong with declared secrets.
 * @param names all that were declared, in the order in which they are told
 * @param problems by the secret's name
 */
export function unusable(
  names: readonly string[],
  problems: ReadonlyMap<string, KeyfoldClientError>,
): KeyfoldClientError {
  const issues = names.flatMap((path) => {
    const problem = problems.get(path);
    if (problem === undefined) return [];
    const mismatch = problem.code === "value_invalid" ? problem.issues[0]?.message : undefined;
    return [{ path, message: mismatch ?? problem.code }];
  });
  // What the server refused comes first: it is what to mend first.
  const errors = issues.map(({ path }) => problems.get(path)!);
  const first = errors.find(({ code }) => code !== "value_invalid") ?? errors[0]!;
  const list = issues.map(({ path, message }) => `${path} (${message})`).join(", ");
  return new KeyfoldClientError(first.code, {
    message: `${issues.length} of ${names.length} declared secrets cannot be used: ${list}.`,
    status: first.status ?? undefined,
    correlationId: first.correlationId ?? undefined,
    issues,
  });
}
