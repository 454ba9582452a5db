import { inspect } from "node:util";
import { markAsUncloneable } from "node:worker_threads";

const REDACTED = "[redacted]";

/**
 * Base of everything that holds a key or a value: it prints as `[redacted]` in String(), JSON and util.inspect (so also in
 * console.log and in loggers), and structuredClone and postMessage refuse it. Subclasses keep it in a private
 * #field, which no reflection reaches.
 */
export abstract class Redacted {
  constructor() {
    // Without this, structuredClone would yield an empty object that looks like one and holds nothing.
    markAsUncloneable(this);
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
