/** Values shorter than this stand in too much that is no secret, in bytes. */
export const SHORTEST = 8;

/** A value to look for: all that is said of it is its name. */
export interface Needle {
  name: string;
  bytes: Buffer;
}

/** Looks for values in bytes, each also as base64 and as JSON writes it. */
export class Needles {
  readonly #forms: Needle[] = [];
  /** Names of values that are too short to look for. */
  readonly tooShort: string[] = [];

  constructor(values: readonly Needle[]) {
    for (const { name, bytes } of values) {
      if (bytes.length < SHORTEST) {
        this.tooShort.push(name);
        continue;
      }
      const forms = new Set([
        bytes.toString("latin1"),
        bytes.toString("base64").replace(/=+$/, ""),
        Buffer.from(JSON.stringify(bytes.toString("utf8")).slice(1, -1), "utf8").toString("latin1"),
      ]);
      for (const form of forms) this.#forms.push({ name, bytes: Buffer.from(form, "latin1") });
    }
  }

  /** Each secret whose value stands there, with the line where it first does. */
  in(content: Buffer): { name: string; line: number }[] {
    const found = new Map<string, number>();
    for (const { name, bytes } of this.#forms) {
      const at = content.indexOf(bytes);
      if (at !== -1) found.set(name, Math.min(at, found.get(name) ?? at));
    }
    return [...found].map(([name, at]) => ({ name, line: lineOf(content, at) }));
  }
}

function lineOf(content: Buffer, at: number): number {
  let line = 1;
  for (let next = content.indexOf(10); next !== -1 && next < at; next = content.indexOf(10, next + 1)) line++;
  return line;
}
