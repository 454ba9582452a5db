import superjson from "superjson";
import type { Fetch } from "../fetch.ts";
import type { Revealed } from "../router.ts";

/** An answer as Keyfold gives it. */
export function answer(data: unknown): Response {
  return Response.json({ result: { data: superjson.serialize(data) } });
}

/** A refusal as Keyfold's error formatter writes it. */
export function refusal(
  code: string,
  httpStatus: number,
  headers: Record<string, string> = {},
  more: object = {},
): Response {
  const keyfold = { code, message: `The server's sentence for ${code}.`, correlationId: "c-1", ...more };
  const error = { code: -32000, message: keyfold.message, data: { httpStatus, keyfold } };
  return Response.json({ error: superjson.serialize(error) }, { status: httpStatus, headers });
}

export function revealed(name: string, value: string, more: Partial<Revealed> = {}): Revealed {
  const id = "0195f0c4-0000-7000-8000-000000000001";
  const createdAt = "2026-01-01T00:00:00.000Z";
  return { id, name, version: 1, encoding: "utf8", value, createdAt, openUntil: null, ...more };
}

export interface Request {
  url: URL;
  method: string;
  headers: Headers;
  input: Record<string, unknown>;
}

/** A fetch that is answered by a function, or by a list in order, and that remembers what it was asked. */
export function fakeFetch(
  answers:
    | ((request: Request) => Response | Promise<Response>)[]
    | ((request: Request) => Response | Promise<Response>),
): {
  fetch: Fetch;
  requests: Request[];
} {
  const requests: Request[] = [];
  const fetch = async (address: unknown, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(String(address));
    const raw = init.body ?? url.searchParams.get("input") ?? "{}";
    const input = superjson.deserialize<Record<string, unknown>>(JSON.parse(String(raw)));
    const request = { url, method: init.method ?? "GET", headers: new Headers(init.headers), input };
    requests.push(request);
    init.signal?.throwIfAborted();
    const next = typeof answers === "function" ? answers : answers[requests.length - 1];
    if (next === undefined) throw new Error("asked once too often");
    return next(request);
  };
  return { fetch: fetch as Fetch, requests };
}

type RequestInit = NonNullable<Parameters<Fetch>[1]>;
