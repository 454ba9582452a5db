/** An answer's status, and its JSON where it is some. */
export interface Answered {
  readonly status: number;
  readonly json: unknown;
}

/** The largest answer that is read, in bytes: base64 of the largest value there is. */
const MOST_BYTES = 24 * 1024 * 1024;

export type Fetch = typeof globalThis.fetch;

/**
 * Asks an upstream once. Redirects are not followed: one would carry the credential to wherever it points.
 * @throws Error that says nothing of the answer
 */
export async function askJson(
  fetch: Fetch,
  url: string,
  init: { method?: string; headers?: Record<string, string>; body?: unknown },
  signal: AbortSignal,
): Promise<Answered> {
  const response = await fetch(url, {
    method: init.method ?? "GET",
    headers: {
      accept: "application/json",
      ...(init.body === undefined ? {} : { "content-type": "application/json" }),
      ...init.headers,
    },
    ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    redirect: "error",
    signal,
  });
  let bytes = 0;
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error("an upstream's answer is too large");
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  try {
    return { status: response.status, json: text === "" ? null : JSON.parse(text) };
  } catch {
    throw new Error("an upstream's answer is no JSON"); // the parser's message quotes it
  }
}
