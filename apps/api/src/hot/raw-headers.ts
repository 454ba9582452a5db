import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { HeaderSource } from "../http/client-address.ts";

/** A request's headers as Node parsed them, without a Headers object: that costs as much as a warm read's own work. */
export class RawHeaders implements HeaderSource {
  readonly #values: IncomingHttpHeaders;

  private constructor(values: IncomingHttpHeaders) {
    this.#values = values;
  }

  /** @returns null where a name stands twice: what that means is the app's to say */
  static of({ headers, rawHeaders }: Pick<IncomingMessage, "headers" | "rawHeaders">): RawHeaders | null {
    // Node has made one of two with the same name.
    return Object.keys(headers).length * 2 === rawHeaders.length ? new RawHeaders(headers) : null;
  }

  get(name: string): string | null {
    const value = this.#values[name];
    return typeof value === "string" ? value : null;
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }
}
