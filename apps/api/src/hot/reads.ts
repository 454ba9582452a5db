import { type Verb, verbs } from "@keyfold/secrets";
import { LRUCache } from "lru-cache";
import { parseJson } from "../http/json-text.ts";
import { UUID } from "../http/uuid.ts";
import { isTagged, taggedInTurn, untagged, type Written } from "../rest/entity-tag.ts";
import { fieldsOf } from "../rest/fields.ts";
import { jsonSchemaOf, renamer } from "../rest/naming.ts";
import type { Route } from "../rest/route.ts";
import { routes } from "../rest/routes.ts";
import { inputOf } from "../trpc/wire-input.ts";
import { HEADERS_OF_ALL } from "./headers.ts";

/** A call that may be answered from what this process remembers. */
export interface HotRead {
  /** The route's template, as in log and metrics. */
  readonly route: string;
  readonly verb: Verb;
  /** Parsed by the verb's schema, and frozen: whoever asks for the same is given the same. */
  readonly input: object;
  /** The answer as it goes out. */
  written(output: unknown): Written;
  /** Its headers, but for what each request and each body says anew. */
  readonly headers: readonly string[];
}

/** What an address asks for, before the verb has looked at it. */
interface Asked extends Omit<HotRead, "input"> {
  input: unknown;
}

/** Longer addresses are no simple reads. */
const MOST_CHARS = 2_048;
/** How many addresses are remembered, and of at most how many characters each: a megabyte in all. */
const MOST_KEPT = 1_000;
const MOST_CHARS_KEPT = 256;

const REST_HEADERS = ["content-type", "application/json", ...HEADERS_OF_ALL];
const TRPC_HEADERS = ["vary", "trpc-accept, accept", ...REST_HEADERS];

/**
 * Reads from an address which verb it calls and with what, for verbs that know a warm way. It knows the plain spellings
 * only; of all others it says null, and the app reads them. The same address asks for the same, and is read once.
 */
export function hotReads(): (url: string) => HotRead | null {
  const rest = restReads();
  const trpc = trpcReads();
  const remembered = new LRUCache<string, HotRead>({ max: MOST_KEPT });
  return (url) => {
    if (url.length > MOST_CHARS) return null;
    const known = remembered.get(url);
    if (known !== undefined) return known;
    let read: HotRead | null;
    try {
      const asked = url.startsWith("/api/") ? rest(url) : url.startsWith("/trpc/") ? trpc(url) : null;
      read = asked === null ? null : readOf(asked);
    } catch {
      return null; // the app says what is wrong with it
    }
    if (read !== null && url.length <= MOST_CHARS_KEPT) remembered.set(url, read);
    return read;
  };
}

/** @returns null for what the verb does not take: the app says what is wrong with it */
function readOf(asked: Asked): HotRead | null {
  const parsed = asked.verb.input.safeParse(asked.input);
  return parsed.success ? { ...asked, input: frozen(parsed.data as object) } : null;
}

function frozen<T>(input: T): T {
  if (typeof input !== "object" || input === null) return input;
  for (const field of Object.values(input)) frozen(field);
  return Object.freeze(input);
}

function restReads(): (url: string) => Asked | null {
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
function kept<T>(verb: Verb, written: (output: unknown) => T): (output: unknown) => T {
  if (verb.remember === undefined) return written;
  const texts = new WeakMap<object, T>();
  return (output) => {
    const known = texts.get(output as object);
    if (known !== undefined) return known;
    const text = written(output);
    texts.set(output as object, text);
    return text;
  };
}

/** @throws for what is not UTF-8, and for a plus, which is a space in a query: the app reads both */
function decoded(text: string): string {
  if (text.includes("+")) throw new URIError();
  return text.includes("%") ? decodeURIComponent(text) : text;
}

function reader(route: Route): (id: string | null, search: string) => Asked | null {
  const fields = fieldsOf(route);
  const toSnake = renamer(jsonSchemaOf(route.verb.output, "output"), "to-snake");
  const rename = toSnake ?? ((output) => output);
  const hasTag = isTagged(route);
  const plain = kept(route.verb, (output) => untagged(rename(output)));
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
    const written = hasTag ? taggedInTurn(rename) : plain;
    return { route: template, verb: route.verb, input, written, headers: REST_HEADERS };
  };
}

function trpcReads(): (url: string) => Asked | null {
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
    // A list has the same key, and the app refuses it.
    if (batch && (Array.isArray(parsed) || Object.keys(parsed as object).join() !== "0")) return null;
    const input = inputOf(batch ? (parsed as { 0: unknown })[0] : parsed);
    return {
      route: `/trpc/${path}`,
      verb: called.verb,
      input,
      written: (output) => ({
        body: batch ? `[${called.single(output)}]` : called.single(output),
        tag: null,
      }),
      headers: TRPC_HEADERS,
    };
  };
}

/** As tRPC writes it, under superjson's wire format. */
const single = (output: unknown): string => `{"result":{"data":{"json":${JSON.stringify(output)}}}}`;
