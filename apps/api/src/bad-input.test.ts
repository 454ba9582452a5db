import { afterAll, beforeAll, expect, test } from "vitest";
import { type Answer, type Served, serveHouse } from "./testing/index.ts";
import { trpcCall } from "./testing/trpc-call.ts";

const MIB = 1024 * 1024;
const CANARY = "not_a_real_value_for_bad_input";

let served: Served;
let token: string;
beforeAll(async () => {
  served = await serveHouse();
  token = (await served.house.tenant("acme")).token;
});
afterAll(() => {
  expect(served.lines.join("")).not.toContain(CANARY);
  return served.close();
});

const put = (body: unknown) => served.call("/api/secrets", { method: "PUT", token, body });
const read = (name: string) => served.call(`/api/reveal?name=${encodeURIComponent(name)}`, { token });

/** Refused by name, and nothing that was sent comes back. */
function expectRefused(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.json.code]).toEqual([status, code]);
  expect(answer.text).not.toContain(CANARY);
}

test.each([
  ["a NUL in the name", `{"name":"A\\u0000B","value":"${CANARY}"}`],
  ["a lone surrogate in the name", `{"name":"A\\ud800B","value":"${CANARY}"}`],
  ["a lone surrogate in the value", `{"name":"LONE","value":"${CANARY}\\udc00"}`],
  ["a name of 256 characters", `{"name":"${"é".repeat(256)}","value":"${CANARY}"}`],
  ["no value", `{"name":"EMPTY","value":""}`],
  ["a value that is no text", `{"name":"NUMBER","value":{"nested":"${CANARY}"}}`],
  ["base64 that is none", `{"name":"B64","encoding":"base64","value":"${CANARY}!"}`],
  ["JSON that is cut short", `{"name":"CUT","value":"${CANARY}`],
  ["JSON that is none", `value=${CANARY}`],
  ["__proto__ among the fields", `{"name":"P","value":"v","__proto__":{"value":"${CANARY}"}}`],
  ["deep JSON", `{"name":"DEEP","value":${"[".repeat(100)}"${CANARY}"${"]".repeat(100)}}`],
])("%s is a 400 that echoes nothing", async (_, body) => {
  expectRefused(await put(body), 400, "bad_input");
});

test("__proto__ as a tag's key is refused by REST and tRPC, and constructor is taken", async () => {
  const body = `{"name":"PROTO_TAG","value":"${CANARY}","tags":{"__proto__":"x"}}`;
  expectRefused(await served.call("/api/secrets", { token, body }), 400, "bad_input");
  const trpc = await served.call("/trpc/secrets.create", { token, body: `{"json":${body}}` });
  expect(trpc.json.error.json.data.keyfold.code).toBe("bad_input");
  expect((await read("PROTO_TAG")).json.code).toBe("not_found");
  const made = await served.call("/api/secrets", {
    token,
    body: { name: "CONSTRUCTOR_TAG", value: "v", tags: { constructor: "c", hasOwnProperty: "h" } },
  });
  expect(made.json.tags).toEqual(
    Object.fromEntries([
      ["constructor", "c"],
      ["hasOwnProperty", "h"],
    ]),
  );
});

test("bytes that are no UTF-8 are refused, not replaced", async () => {
  const bytes = Buffer.concat([
    Buffer.from(`{"name":"BYTES","value":"${CANARY}`),
    Buffer.from([0xff, 0x22, 0x7d]),
  ]);
  const answer = await served.call("/api/secrets", { method: "PUT", token, body: new Uint8Array(bytes) });
  expectRefused(answer, 400, "bad_input");
});

test.each([
  "__proto__",
  "constructor",
  "toString",
  "é".repeat(255),
  "e\u0301",
  "🔑/😀",
  "%2e%2e",
  "a b+c&d=e?f#g",
  "'; DROP TABLE --",
])("a secret named %j is kept under exactly that name, over REST and tRPC", async (name) => {
  expect((await put({ name, value: `value of ${name}` })).status).toBe(200);
  expect((await read(name)).json).toMatchObject({ name, value: `value of ${name}` });
  const trpc = await trpcCall(served, "query", "secrets.reveal", { name }, token);
  expect(trpc.json.result.data.json).toMatchObject({ name, value: `value of ${name}` });
});

test("names that only look alike, composed and decomposed, are two secrets", async () => {
  await put({ name: "caf\u00e9", value: "composed" });
  await put({ name: "cafe\u0301", value: "decomposed" });
  expect((await read("caf\u00e9")).json.value).toBe("composed");
  expect((await read("cafe\u0301")).json.value).toBe("decomposed");
});

test.each([
  ["1 byte", "x"],
  ["control characters and NUL", "\u0000\u0001\u001f\u007f\u2028"],
  ["64 KiB", "x".repeat(64 * 1024)],
  ["1 MiB", "x".repeat(MIB)],
  ["1 MiB that JSON writes in six characters a byte", "\u0001".repeat(MIB)],
  ["1 MiB of four-byte characters", "🔑".repeat(MIB / 4)],
])("a value of %s comes back exactly", async (what, value) => {
  const name = `VALUE ${what}`;
  expect((await put({ name, value })).status).toBe(200);
  const answer = await read(name);
  expect(answer.json.value === value).toBe(true);
});

test("a value of bytes comes back in the base64 in which it came", async () => {
  const value = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString("base64");
  await put({ name: "BYTES", value, encoding: "base64" });
  expect((await read("BYTES")).json).toMatchObject({ value, encoding: "base64" });
});

test("one byte more than 1 MiB is too large, in whichever encoding, and nothing is stored", async () => {
  const value = CANARY + "x".repeat(MIB + 1 - CANARY.length);
  expectRefused(await put({ name: "TOO_LARGE", value }), 413, "too_large");
  const base64 = Buffer.from(value).toString("base64");
  expectRefused(await put({ name: "TOO_LARGE", value: base64, encoding: "base64" }), 413, "too_large");
  const trpc = await trpcCall(served, "mutation", "secrets.set", { name: "TOO_LARGE", value }, token);
  expect([trpc.status, trpc.json.error.json.data.keyfold.code]).toEqual([413, "too_large"]);
  expect((await read("TOO_LARGE")).json.code).toBe("not_found");
});

test("a body of 10 MB for one value is refused while it comes in, whatever its length claims", async () => {
  const text = `{"name":"TEN","value":"${CANARY.padEnd(10_000_000, "x")}"}`;
  expectRefused(await put(text), 413, "too_large");
  const stream = new ReadableStream({
    start(controller) {
      const chunk = new TextEncoder().encode("x".repeat(500_000));
      for (let i = 0; i < 20; i++) controller.enqueue(chunk);
      controller.close();
    },
  });
  const chunked = await fetch(`${served.url}/api/secrets`, {
    method: "PUT",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: stream,
    duplex: "half",
  } as RequestInit);
  expect(chunked.status).toBe(413);
});

test("bulk calls take 12 MiB of body and 8 MiB of values", async () => {
  const bulk = (count: number) =>
    served.call("/api/secrets/bulk", {
      method: "PUT",
      token,
      body: {
        environment: "prod",
        items: Array.from({ length: count }, (_, i) => ({ name: `LARGE_${i}`, value: "x".repeat(MIB) })),
      },
    });
  expect((await bulk(8)).status).toBe(200);
  expectRefused(await bulk(9), 413, "too_large");
  expectRefused(await bulk(13), 413, "too_large");
});

test.each(["not-an-id", "00000000-0000-4000-8000-00000000000g", "1", "..%2F..", "%00", "%ff"])(
  "an id that is none (%s) is a 400, on every way that takes one",
  async (id) => {
    for (const [method, path] of [
      ["GET", ""],
      ["GET", "/metadata"],
      ["GET", "/versions"],
      ["GET", "/versions/1"],
      ["DELETE", ""],
      ["POST", "/restore"],
    ] as const) {
      const answer = await served.call(`/api/secrets/${id}${path}`, { method, token });
      expect([path, answer.status, answer.json.code]).toEqual([path, 400, "bad_input"]);
    }
  },
);

test.each(["0", "-1", "1.5", "1e3", "99999999999999999999", "one"])(
  "a version that is none (%s) is a 400",
  async (version) => {
    const answer = await served.call(
      `/api/secrets/00000000-0000-4000-8000-000000000000/versions/${version}`,
      { token },
    );
    expectRefused(answer, 400, "bad_input");
  },
);
