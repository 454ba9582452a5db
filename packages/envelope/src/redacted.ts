import { inspect } from "node:util";
import { markAsUncloneable } from "node:worker_threads";

const REDACTED = "[redacted]";

/**
 * Base of everything that holds a key: it prints as `[redacted]` in String(), JSON and util.inspect (so also in
 * console.log and in loggers), and structuredClone and postMessage refuse it. Subclasses keep the key in a private
 * #field, which no reflection reaches.
 */
export abstract class Redacted {
  constructor() {
    // Without this, structuredClone would yield an empty object that looks like a key and holds none.
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
