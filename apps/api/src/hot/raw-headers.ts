import type { HeaderSource } from "../http/client-address.ts";

/** A request's headers as Node parsed them, without a Headers object: that costs as much as a warm read's own work. */
export class RawHeaders implements HeaderSource {
  readonly #values = new Map<string, string>();

  private constructor() {}

  /** @param raw names and values in turn. @returns null where a name stands twice: what that means is the app's to say */
  static of(raw: readonly string[]): RawHeaders | null {
    const headers = new RawHeaders();
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i]!.toLowerCase();
      if (headers.#values.has(name)) return null;
      headers.#values.set(name, raw[i + 1]!);
    }
    return headers;
  }

  get(name: string): string | null {
    return this.#values.get(name) ?? null;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  keys(): Iterable<string> {
    return this.#values.keys();
  }
}
