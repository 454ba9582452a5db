import { inspect } from "node:util";
import { expect, test } from "vitest";
import type { Fetch } from "./fetch.ts";
import { createKeyfold, isKeyfoldError, type KeyfoldClientError, type KeyfoldOptions } from "./index.ts";
import { answer, fakeFetch, refusal, revealed } from "./testing/answers.ts";
import { HandClock } from "./testing/hand-clock.ts";

const TOKEN = "kf_not_a_real_token";

async function failure(fetch: Fetch, options: Partial<KeyfoldOptions> = {}): Promise<KeyfoldClientError> {
  const clock = new HandClock();
  const keyfold = createKeyfold({
    url: "https://keyfold.test",
    token: TOKEN,
    fetch,
    clock,
    retries: 0,
    ...options,
  });
  const error = await keyfold
    .tenant("acme")
    .get("KEY")
    .catch((caught: unknown) => caught);
  if (!isKeyfoldError(error)) throw error;
  return error;
}

const failsWith = (error: unknown) => fakeFetch(() => Promise.reject(error)).fetch;
const answersWith = (body: string, status: number, headers = {}) =>
  fakeFetch(() => new Response(body, { status, headers })).fetch;

test("a server that cannot be reached is named, with the system's code and nothing else of its message", async () => {
  const refused = new TypeError("fetch failed", {
    cause: { code: "ECONNREFUSED", message: "sk_test_quoted" },
  });
  const error = await failure(failsWith(refused));
  expect(error).toMatchObject({ code: "network", status: null });
  expect(error.message).toBe("Keyfold cannot be reached (ECONNREFUSED).");
  expect(inspect(error, { depth: null })).not.toContain("sk_test");
});

test("a server that never answers is a timeout, also in the middle of its body", async () => {
  const silent: Fetch = (_, init) =>
    new Promise((_resolve, reject) =>
      init!.signal!.addEventListener("abort", () => reject(init!.signal!.reason)),
    );
  expect((await failure(silent, { timeoutMs: 5 })).code).toBe("timeout");
  const stalling: Fetch = async (_, init) =>
    new Response(
      new ReadableStream({
        start(stream) {
          stream.enqueue(new TextEncoder().encode('{"result":'));
          init!.signal!.addEventListener("abort", () => stream.error(init!.signal!.reason));
        },
      }),
    );
  const error = await failure(stalling, { timeoutMs: 5 });
  expect(error.message).toBe("Keyfold did not answer within 5 ms.");
});

test("a call that its caller aborts is named so", async () => {
  const { fetch } = fakeFetch(() => answer(null));
  const keyfold = createKeyfold({ url: "https://keyfold.test", token: TOKEN, fetch });
  const call = keyfold.trpc.identity.get.query(undefined, { signal: AbortSignal.abort() });
  await expect(call).rejects.toMatchObject({ code: "aborted" });
});

test("a proxy with nobody behind it is a network failure, not a word about the secret", async () => {
  for (const status of [429, 502, 503, 504])
    expect(await failure(answersWith("<html>", status))).toMatchObject({ code: "network", status });
});

test("an answer that is not Keyfold's is a bad answer, and none of it is quoted", async () => {
  for (const [body, status] of [
    ["<html>sk_test_quoted", 200],
    ["<html>sk_test_quoted", 404],
    ['{"value":"sk_test_quoted"}', 200],
    ['{"result":{"data":"sk_test_quoted', 200],
    ["null", 200],
  ] as const) {
    const error = await failure(answersWith(body, status));
    expect([body, error.code]).toEqual([body, "bad_answer"]);
    expect(inspect(error, { depth: null })).not.toContain("sk_test");
  }
});

test("a missing procedure is not taken for a missing secret", async () => {
  const error = {
    message: 'No procedure found on path "secrets.reveal"',
    code: -32004,
    data: { httpStatus: 404 },
  };
  const { fetch } = fakeFetch(() => Response.json({ error: { json: error } }, { status: 404 }));
  expect((await failure(fetch)).code).toBe("bad_answer");
});

test("a redirect is not followed: it would carry the token elsewhere", async () => {
  const seen: unknown[] = [];
  const fetch: Fetch = async (_, init) => {
    seen.push(init?.redirect);
    return new Response("", { status: 307, headers: { location: "https://elsewhere.test" } });
  };
  const error = await failure(fetch);
  expect(error.message).toBe("The address redirects. Give the address that it redirects to.");
  expect(seen).toEqual(["manual"]);
});

test("errors of a host with a formatter of its own keep their meaning", async () => {
  for (const [status, code] of [
    [401, "unauthenticated"],
    [403, "forbidden"],
    [413, "too_large"],
    [503, "busy"],
    [500, "internal"],
  ] as const) {
    const error = { message: "sk_test_quoted", code: -32000, data: { httpStatus: status } };
    const { fetch } = fakeFetch(() => Response.json({ error: { json: error } }, { status }));
    const caught = await failure(fetch);
    expect(caught).toMatchObject({ code, status });
    expect(caught.message).not.toContain("sk_test");
  }
});

test("the token goes into the Authorization header, and a function gives the one of the moment", async () => {
  const { fetch, requests } = fakeFetch(() => answer(revealed("KEY", "not a real value")));
  let count = 0;
  const token = () => `kf_not_real_${++count}`;
  const keyfold = createKeyfold({ url: "https://keyfold.test/under/", token, fetch, cache: false });
  await keyfold.tenant("acme").get("KEY");
  await keyfold.tenant("acme").get("KEY");
  expect(requests.map(({ headers }) => headers.get("authorization"))).toEqual([
    "Bearer kf_not_real_1",
    "Bearer kf_not_real_2",
  ]);
  expect(requests[0]!.url.href).toMatch(/^https:\/\/keyfold\.test\/under\/trpc\/secrets\.reveal\?input=/);
  const error = await failure(fetch, { token: () => Promise.reject(new Error("kf_not_real_quoted")) });
  expect(error).toMatchObject({ code: "unauthenticated", message: "The token function gave no token." });
});

test("an address or a token that cannot be one is refused at once, without being quoted", () => {
  const make = (url: string, token: string) => () => createKeyfold({ url, token });
  expect(make("ftp://keyfold.test", TOKEN)).toThrow("The url must be an http or https address.");
  expect(make("keyfold", TOKEN)).toThrow("The url must be an http or https address.");
  expect(make("https://user:not_a_real_password@keyfold.test", TOKEN)).toThrow(
    "The url must hold no user or password.",
  );
  for (const token of ["", "kf_with_newline\n", "kf_ü"])
    expect(make("https://keyfold.test", token)).toThrow(
      "The token is empty or holds characters that no token has.",
    );
});

test("no value is ever part of a URL", async () => {
  const result = { secret: { id: "0195f0c4-0000-7000-8000-000000000001" }, changed: true };
  const { fetch, requests } = fakeFetch(({ url }) =>
    answer(url.pathname.endsWith("setMany") ? { results: [result] } : result),
  );
  const acme = createKeyfold({ url: "https://keyfold.test", token: TOKEN, fetch }).tenant("acme");
  await acme.set("KEY", "sk_test_not_a_real_key");
  await acme.rotate("KEY", "sk_test_not_a_real_key");
  await acme.setMany({ KEY: "sk_test_not_a_real_key" });
  expect(requests.map(({ method, url }) => [method, url.search])).toEqual([
    ["POST", ""],
    ["POST", ""],
    ["POST", ""],
  ]);
});

test("a refusal's own sentence, issues and correlation id arrive", async () => {
  const issues = [{ path: "name", message: "is empty" }];
  const { fetch } = fakeFetch(() => refusal("bad_input", 400, {}, { issues }));
  expect(await failure(fetch)).toMatchObject({
    code: "bad_input",
    message: "The server's sentence for bad_input.",
    correlationId: "c-1",
    issues,
  });
});

test("what the server says before a verb is reached has a code too, in tRPC's shape or as a problem", async () => {
  const guessing = fakeFetch(() => refusal("too_many_guesses", 429, { "retry-after": "60" }));
  expect(await failure(guessing.fetch)).toMatchObject({ code: "busy", status: 429, retryAfterMs: 60_000 });
  const problem = {
    type: "urn:keyfold:problem:wrong_host",
    code: "wrong_host",
    detail: "No such host here.",
  };
  const { fetch } = fakeFetch(() => Response.json({ ...problem, correlation_id: "c-2" }, { status: 421 }));
  expect(await failure(fetch)).toMatchObject({
    code: "bad_answer",
    status: 421,
    message: "No such host here.",
    correlationId: "c-2",
  });
});

test("inputs go out as plain JSON: undefined fields are left out, and what is shared is written twice", async () => {
  const bodies: unknown[] = [];
  const fetch: Fetch = async (_, init) => {
    bodies.push(JSON.parse(String(init?.body)));
    return answer({ results: [] });
  };
  const keyfold = createKeyfold({ url: "https://keyfold.test", token: TOKEN, fetch });
  const item = { name: "A", value: "not_a_real_value" };
  await keyfold.trpc.secrets.setMany.mutate({ items: [item, item], reason: undefined } as never);
  expect(bodies).toEqual([{ json: { items: [item, item] } }]);
});
