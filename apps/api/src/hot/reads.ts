import { type Verb, verbs } from "@keyfold/secrets";
import { parseJson } from "../http/json-text.ts";
import { UUID } from "../http/uuid.ts";
import { entityTag } from "../rest/entity-tag.ts";
import { fieldsOf } from "../rest/fields.ts";
import { jsonSchemaOf, renamer } from "../rest/naming.ts";
import type { Route } from "../rest/route.ts";
import { routes } from "../rest/routes.ts";
import { inputOf } from "../trpc/wire-input.ts";

/** A call that may be answered from what this process remembers. */
export interface HotRead {
  /** The route's template, as in log and metrics. */
  route: string;
  verb: Verb;
  input: unknown;
  /** The answer's body. */
  body(output: unknown): string;
  /** Its entity tag; null: it has none. */
  tag(output: unknown): string | null;
  /** Its headers besides those that every answer has. */
  headers: readonly string[];
}

/** Longer addresses are no simple reads. */
const MOST_CHARS = 2_048;

const REST_HEADERS = ["content-type", "application/json"];
const TRPC_HEADERS = ["vary", "trpc-accept, accept", "content-type", "application/json"];

/**
 * Reads from an address which verb it calls and with what, for verbs that know a warm way. It knows the plain spellings
 * only; of all others it says null, and the app reads them.
 */
export function hotReads(): (url: string) => HotRead | null {
  const rest = restReads();
  const trpc = trpcReads();
  return (url) => {
    if (url.length > MOST_CHARS) return null;
    try {
      if (url.startsWith("/api/")) return rest(url);
      return url.startsWith("/trpc/") ? trpc(url) : null;
    } catch {
      return null; // the app says what is wrong with it
    }
  };
}

function restReads(): (url: string) => HotRead | null {
  const fixed = new Map<string, ReturnType<typeof reader>>();
  const withId = new Map<string, ReturnType<typeof reader>>();
  for (const route of routes) {
    const isPlain = route.method === "GET" && route.status === undefined && route.answer === undefined;
    if (!isPlain || route.verb.warm === undefined) continue;
    const before = /^([^:]*\/):[a-z_]+$/.exec(route.path)?.[1];
    if (before !== undefined) withId.set(`/api${before}`, reader(route));
    else if (!route.path.includes(":")) fixed.set(`/api${route.path}`, reader(route));
  }
  return (url) => {
    const query = url.indexOf("?");
    const path = query === -1 ? url : url.slice(0, query);
    const search = query === -1 ? "" : url.slice(query + 1);
    const known = fixed.get(path);
    if (known !== undefined) return known(null, search);
    const slash = path.lastIndexOf("/") + 1;
    const id = path.slice(slash);
    // An id, and so no other route's own word.
    return UUID.test(id) ? (withId.get(path.slice(0, slash))?.(id, search) ?? null) : null;
  };
}

/** A verb that gives a remembered answer once more gives the same object, whose text is made once and goes with it. */
function kept(verb: Verb, body: (output: unknown) => string): (output: unknown) => string {
  if (verb.remember === undefined) return body;
  const texts = new WeakMap<object, string>();
  return (output) => {
    const known = texts.get(output as object);
    if (known !== undefined) return known;
    const text = body(output);
    texts.set(output as object, text);
    return text;
  };
}

/** @throws for what is not UTF-8, and for a plus, which is a space in a query: the app reads both */
function decoded(text: string): string {
  if (text.includes("+")) throw new URIError();
  return text.includes("%") ? decodeURIComponent(text) : text;
}

function reader(route: Route): (id: string | null, search: string) => HotRead | null {
  const fields = fieldsOf(route);
  const toSnake = renamer(jsonSchemaOf(route.verb.output, "output"), "to-snake");
  const body = kept(route.verb, (output) => JSON.stringify(toSnake === null ? output : toSnake(output)));
  const template = `/api${route.path}`;
  return (id, search) => {
    const input: Record<string, unknown> = {};
    const put = (name: string, text: string): boolean => {
      const field = fields.byName.get(name);
      if (field === undefined || Object.hasOwn(input, field.name)) return false;
      input[field.name] = fields.fromText(field, text);
      return true;
    };
    if (id !== null && !put(fields.parameters[0]!, id)) return null;
    if (search !== "")
      for (const pair of search.split("&")) {
        const is = pair.indexOf("=");
        if (is === -1 || !put(pair.slice(0, is), decoded(pair.slice(is + 1)))) return null;
      }
    return { route: template, verb: route.verb, input, body, tag: entityTag, headers: REST_HEADERS };
  };
}

function trpcReads(): (url: string) => HotRead | null {
  const known = new Map<string, { verb: Verb; single(output: unknown): string }>();
  for (const [noun, of] of Object.entries(verbs))
    for (const [name, verb] of Object.entries(of as Record<string, Verb>))
      if (!verb.changes && verb.warm !== undefined)
        known.set(`${noun}.${name}`, { verb, single: kept(verb, single) });
  return (url) => {
    const [, path, search = ""] = /^\/trpc\/([A-Za-z.]+)\?([^#]*)$/.exec(url) ?? [];
    const called = known.get(path ?? "");
    if (called === undefined) return null;
    let batch = false;
    let text: string | null = null;
    for (const pair of search.split("&")) {
      if (pair === "batch=1" && !batch) batch = true;
      else if (pair.startsWith("input=") && text === null) text = decoded(pair.slice(6));
      else return null;
    }
    if (text === null) return null;
    const parsed = parseJson(text, "input");
    if (batch && Object.keys(parsed as object).join() !== "0") return null;
    const input = inputOf(batch ? (parsed as { 0: unknown })[0] : parsed);
    return {
      route: `/trpc/${path}`,
      verb: called.verb,
      input,
      body: batch ? (output) => `[${called.single(output)}]` : called.single,
      tag: () => null,
      headers: TRPC_HEADERS,
    };
  };
}

/** As tRPC writes it, under superjson's wire format. */
const single = (output: unknown): string => `{"result":{"data":{"json":${JSON.stringify(output)}}}}`;
