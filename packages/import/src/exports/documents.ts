import { SourceError } from "../entry.ts";

/**
 * JSON documents that stand one after the other, as a loop over a vendor's command line writes them.
 * @param text all of them
 * @throws SourceError that quotes nothing of it
 */
export function* documentsOf(text: string, path: string): Generator<unknown> {
  let count = 0;
  for (let at = skipSpace(text, 0); at < text.length; ) {
    const end = endOf(text, at);
    count++;
    let document: unknown;
    try {
      document = JSON.parse(text.slice(at, end));
    } catch {
      throw new SourceError(`${path} is not JSON${count === 1 ? "" : ` from its document ${count} on`}.`);
    }
    yield document;
    at = skipSpace(text, end);
  }
}

const skipSpace = (text: string, from: number): number => {
  let at = from;
  while (at < text.length && " \t\r\n".includes(text[at]!)) at++;
  return at;
};

/** Where the object or list that begins here ends; what is neither, or does not end, goes to the end of the text. */
function endOf(text: string, from: number): number {
  let depth = 0;
  let quoted = false;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (quoted) {
      if (character === "\\") at++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "{" || character === "[") depth++;
    else if ((character === "}" || character === "]") && --depth === 0) return at + 1;
  }
  return text.length;
}
