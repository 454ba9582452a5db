import { hash } from "node:crypto";
import { jsonSchemaOf } from "./naming.ts";
import type { Route } from "./route.ts";

/** Whether a route's answers carry an entity tag: those that read one thing, which has an id. */
export function isTagged(route: Route): boolean {
  if (route.method !== "GET") return false;
  const { properties = {} } = jsonSchemaOf(route.answer?.schema ?? route.verb.output, "output");
  return properties.id !== undefined && properties.nextCursor === undefined;
}

/** An answer as it goes out: its body, and its entity tag; null: it has none. */
export interface Written {
  body: string;
  tag: string | null;
}

/** An answer that has no tag. */
export const untagged = (answer: unknown): Written => ({ body: JSON.stringify(answer), tag: null });

/**
 * An answer's body, and its entity tag (RFC 9110 §8.8.3): a digest of its ids, versions and other metadata as they stand in the
 * body, and never of a value, of which a tag would else be an equality test. A value is fixed by its version's number, and
 * stands last. The tag is null where there is no version that would tell one value from the next: what an upstream gave.
 * @param answer in REST's names; not used any more afterwards where it holds a value
 */
export function tagged(answer: unknown): Written {
  if (!hasVersion(answer)) return untagged(answer);
  const { value } = answer;
  if (value !== undefined) answer.value = undefined;
  const { text, tag } = described(answer);
  return { body: withValue(text, value), tag };
}

/**
 * The same for answers to one question, one after the other: while they differ in their value alone, what stands before it, and
 * the tag, are the last answer's. Of a value nothing is kept.
 * @param rename gives an answer REST's names
 */
export function taggedInTurn(rename: (output: unknown) => unknown): (output: unknown) => Written {
  let last: (Seen & Described) | null = null;
  return (output) => {
    const answer = output as Answer;
    if (last !== null && differsInValueAlone(answer, last))
      return { body: withValue(last.text, answer.value), tag: last.tag };
    const { value, ...facts } = answer;
    const renamed = rename(facts);
    if (!hasVersion(renamed)) return untagged(rename(output));
    const { text, tag } = described(renamed);
    const fields = Object.values(facts);
    last = fields.every(isPlain) ? { facts, count: fields.length, text, tag } : null;
    return { body: withValue(text, value), tag };
  };
}

type Answer = Record<string, unknown>;

/** What an answer said besides its value, and in how many fields. */
interface Seen {
  facts: Answer;
  count: number;
}

/** What stands before an answer's value, and its tag. */
interface Described {
  text: string;
  tag: string;
}

function hasVersion(answer: unknown): answer is Answer {
  const { id, upstream, version } = (answer ?? {}) as Answer;
  return typeof id === "string" && upstream == null && version !== 0;
}

function described(facts: Answer): Described {
  const text = JSON.stringify(facts);
  return { text, tag: `"${hash("sha256", text, "base64url").slice(0, 22)}"` };
}

const withValue = (text: string, value: unknown): string =>
  value === undefined ? text : `${text.slice(0, -1)},"value":${JSON.stringify(value)}}`;

function differsInValueAlone(answer: Answer, { facts, count }: Seen): boolean {
  let same = 0;
  for (const name in answer) {
    if (name === "value") continue;
    if (answer[name] !== facts[name]) return false;
    same++;
  }
  return same === count;
}

/** Whether what is the same is equal for ever. */
const isPlain = (field: unknown): boolean => typeof field !== "object" || field === null;

/** Whether a request's `If-None-Match` names this tag (RFC 9110 §13.1.2: weak comparison). */
export function isKnown(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  const named = header.split(",").map((part) => part.trim().replace(/^W\//, ""));
  return named.includes("*") || named.includes(tag);
}
