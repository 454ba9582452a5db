import { KeyfoldError } from "@keyfold/secrets";
import { MAX_JSON_DEPTH } from "../http/json-text.ts";

/** Most fields of one input that may be said to be undefined: a bulk call of 500 items leaves out a few in each. */
export const MAX_ANNOTATIONS = 10_000;

/**
 * A call's input, out of superjson's `{ json, meta }`. Inputs are plain JSON, so of superjson's types only "undefined"
 * is taken, which tRPC clients write for a field that was not given: it is removed. superjson itself does not run here.
 * It would run before anyone is authenticated, and what it builds (sets of shared references, bigints) costs time that
 * grows with the square of what was sent. Time here is linear.
 * @throws KeyfoldError `bad_input`
 */
export function inputOf(sent: unknown): unknown {
  if (sent === undefined || sent === null) return undefined;
  if (!isObject(sent)) throw refused("body", "is not { json, meta }");
  const { json, meta } = sent;
  if (meta === undefined) return json;
  if (!isObject(meta) || Object.keys(meta).some((key) => key !== "values" && key !== "v")) throw other();
  const { values } = meta;
  if (values === undefined) return json;
  if (isUndefinedMark(values)) return undefined;
  removeMarked(json, values, { left: MAX_ANNOTATIONS }, 0);
  return json;
}

/** Walks superjson's tree of annotations: paths, each to `["undefined"]` or to more paths below it. */
function removeMarked(target: unknown, tree: unknown, budget: { left: number }, depth: number): void {
  if (!isObject(tree)) throw other();
  for (const path in tree) {
    if (--budget.left < 0) throw refused("meta", `holds more than ${MAX_ANNOTATIONS} annotations`);
    const mark = tree[path];
    const steps = stepsOf(path);
    if (depth + steps.length > MAX_JSON_DEPTH) throw refused("meta", "names a field that is nested too deep");
    const last = isUndefinedMark(mark) ? steps.pop() : undefined;
    let place: unknown = target;
    for (const step of steps) place = isHolder(place) && Object.hasOwn(place, step) ? place[step] : undefined;
    if (last === undefined) removeMarked(place, mark, budget, depth + steps.length);
    else if (Array.isArray(place)) throw refused("meta", "says that an item of a list is undefined");
    else if (isObject(place)) delete place[last];
  }
}

/** The keys of a path: `.` parts them, `\.` and `\\` are those characters themselves. */
function stepsOf(path: string): string[] {
  const steps: string[] = [];
  let step = "";
  for (let i = 0; i < path.length; i++) {
    const char = path[i]!;
    if (char === ".") {
      if (steps.push(step) > MAX_JSON_DEPTH) throw refused("meta", "names a field that is nested too deep");
      step = "";
    } else if (char === "\\") {
      const escaped = path[++i];
      if (escaped !== "." && escaped !== "\\") throw refused("meta", "holds a path that is none");
      step += escaped;
    } else step += char;
  }
  steps.push(step);
  return steps;
}

const refused = (path: string, message: string) =>
  new KeyfoldError("bad_input", { issues: [{ path, message }] });

const other = () =>
  refused(
    "meta",
    'says more than which fields are "undefined": inputs are plain JSON, without types of superjson',
  );

const isUndefinedMark = (mark: unknown): boolean =>
  Array.isArray(mark) && mark.length === 1 && mark[0] === "undefined";

const isHolder = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

const isObject = (value: unknown): value is Record<string, unknown> =>
  isHolder(value) && !Array.isArray(value);
