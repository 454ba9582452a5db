import { type DestinationStream, type Level, type Logger, pino } from "pino";
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
  const { level, destination } = options;
  const shared = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: allowed },
  };
  const redact = { paths: REDACTED, censor: "[redacted]" };
  const careful = pino({ ...shared, redact, hooks: { streamWrite: scrub } }, destination);
  // Redaction takes eight times what the rest of a line does. One such as a request's, of listed names with a text or a number
  // each, has nothing to redact.
  return pino(
    {
      ...shared,
      hooks: {
        streamWrite: scrub,
        logMethod(args, method, of) {
          if (isFlat(args)) method.apply(this, args);
          else careful[careful.levels.labels[of] as Level](...args);
        },
      },
    },
    destination,
  );
}

function allowed(fields: Record<string, unknown>): Record<string, unknown> {
  const line: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) if (ALLOWED.has(name)) line[name] = fields[name];
  return line;
}

/** Whether a line is a text alone, or fields that hold no others and perhaps a text. */
function isFlat(args: readonly unknown[]): boolean {
  const [fields] = args;
  if (typeof fields !== "object" || fields === null) return args.length === 1;
  if (args.length > 2) return false;
  for (const name in fields) {
    if (typeof (fields as Record<string, unknown>)[name] === "object") return false;
  }
  return true;
}
