import { type DestinationStream, type Logger, pino } from "pino";
import { scrub } from "./scrub.ts";

export type { Logger } from "pino";

/** Every field that a line of the log may have. What is not named here is not written, whoever passes it. */
const ALLOWED: ReadonlySet<string> = new Set([
  "actor",
  "action",
  "cause",
  "code",
  "correlationId",
  "due",
  "held",
  "keys",
  "method",
  "ms",
  "opener",
  "problem",
  "route",
  "signal",
  "status",
  "tenant",
]);

/** Names under which a secret would come, should one ever be nested in an allowed field. */
const REDACTED = ["value", "token", "secret", "password", "authorization", "cookie", "key"].flatMap(
  (name) => [name, `*.${name}`, `*.*.${name}`],
);

/**
 * A log that cannot hold a value: only listed fields, known names redacted, and what looks like a secret replaced in
 * the finished line.
 */
export function createLog(options: { level: string; destination: DestinationStream }): Logger {
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: REDACTED, censor: "[redacted]" },
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => Object.fromEntries(Object.entries(fields).filter(([name]) => ALLOWED.has(name))),
      },
      hooks: { streamWrite: scrub },
    },
    options.destination,
  );
}
