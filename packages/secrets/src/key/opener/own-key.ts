import { KeyfoldError } from "../../error.ts";

/** A tenant's own root key cannot be asked: that stops this tenant, and nobody else. */
export class OwnKeyUnavailable extends KeyfoldError {
  constructor(sentence: string, cause?: unknown) {
    super("key_unavailable", { sentence, cause });
  }
}

/** This process was not given the root key that the tenant's keys open with. */
export const notGiven = (name: string): OwnKeyUnavailable =>
  new OwnKeyUnavailable(
    `This tenant's keys open only with its own root key "${name}", which this server was not given.`,
    new Error(`the tenant's own root key ${name} is not configured`),
  );

/** The service that keeps it does not answer. */
export const notAnswering = (name: string, cause: unknown): OwnKeyUnavailable =>
  new OwnKeyUnavailable(
    `The key service that keeps this tenant's own root key "${name}" cannot be reached. Try again.`,
    cause,
  );
