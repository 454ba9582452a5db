import { KeyfoldError } from "@keyfold/secrets";

/** How deep a request's JSON may nest: a bulk call in a tRPC batch needs six. */
export const MAX_JSON_DEPTH = 32;

/** @throws KeyfoldError `bad_input`; the parser's own message quotes the text, and goes nowhere */
export function parseJson(text: string, path = "body"): unknown {
  if (depthOf(text) > MAX_JSON_DEPTH) throw refuse(path, `nests deeper than ${MAX_JSON_DEPTH} levels`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw refuse(path, "is not valid JSON");
  }
  // As an own key it would become an object's prototype in the first copy that someone makes.
  if (mayHold(text, "__proto__") && holdsKey(parsed, "__proto__"))
    throw refuse(path, "has a key named __proto__");
  return parsed;
}

const refuse = (path: string, message: string) =>
  new KeyfoldError("bad_input", { issues: [{ path, message }] });

/** How deep arrays and objects nest, read before anything is built. Jumps over strings, which hold most of a body. */
export function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22: // "
        i = endOfString(text, i);
        if (i === -1) return deepest;
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth++;
        if (depth > deepest) deepest = depth;
        if (deepest > MAX_JSON_DEPTH) return deepest;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
    }
  }
  return deepest;
}

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return -1;
}

/** Whether a key can be in the text at all, escaped or not. */
const mayHold = (text: string, key: string): boolean => text.includes(key) || text.includes("\\u00");

function holdsKey(root: unknown, key: string): boolean {
  const open: unknown[] = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== "object" || value === null) continue;
    if (Object.hasOwn(value, key)) return true;
    for (const inner of Object.values(value)) if (typeof inner === "object") open.push(inner);
  }
  return false;
}
