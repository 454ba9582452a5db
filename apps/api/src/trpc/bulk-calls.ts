/** Calls that carry up to 8 MiB of values. */
const BULK: ReadonlySet<string> = new Set(["secrets.revealMany", "secrets.setMany"]);
/** Calls that answer one value, of up to 1 MiB. */
const SINGLE: ReadonlySet<string> = new Set(["secrets.reveal", "versions.reveal"]);
/** As many single values as a bulk call carries. */
const MOST_SINGLE = 8;

/** How many of a request's calls are bulk calls. */
export const bulkCalls = (paths: readonly string[]): number => paths.filter((path) => BULK.has(path)).length;

/** Whether a request's answer can be as large as a bulk call's, and so has to wait for its turn. */
export const isLarge = (paths: readonly string[]): boolean =>
  bulkCalls(paths) > 0 || paths.filter((path) => SINGLE.has(path)).length > MOST_SINGLE;
