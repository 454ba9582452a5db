import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { parseAllow } from "./allow.ts";
import { createOutbound, type Outbound, type OutboundOptions } from "./outbound.ts";
import type { Address } from "./resolve.ts";
import { certificate, type Receiver, receiver } from "./testing/index.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const one of open.splice(0)) await one.close();
});

let tls: { key: string; cert: string };
beforeAll(async () => {
  tls = await certificate("DNS:hooks.example.com", "IP:127.0.0.1", "IP:127.0.0.2");
});

async function opened(given?: { key: string; cert: string }): Promise<Receiver> {
  const one = await receiver(given);
  open.push(one);
  return one;
}
function outbound(options: Omit<OutboundOptions, "allow"> & { allow?: string } = {}): Outbound {
  const { allow = "http://127.0.0.1", ...rest } = options;
  const one = createOutbound({ ...rest, allow: parseAllow(allow) });
  open.push(one);
  return one;
}
/** Answers look-ups in turn, and counts them. */
function names(...answers: readonly string[][]) {
  let asked = 0;
  const answer = async (): Promise<Address[]> => {
    const addresses = answers[Math.min(asked++, answers.length - 1)]!;
    return addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  };
  return { resolvers: { public: answer, named: answer }, asked: () => asked };
}
const post = (via: Outbound, url: string) =>
  via.post({ url, headers: { "content-type": "application/json", "x-test": "1" }, body: '{"a":1}' });

test("a body goes out as it is, and the answer's status comes back", async () => {
  const to = await opened();
  expect(await post(outbound(), `${to.url}/hooks?a=b`)).toMatchObject({ status: 204, answer: null });
  expect(to.received).toEqual([
    {
      path: "/hooks?a=b",
      method: "POST",
      body: '{"a":1}',
      headers: expect.objectContaining({ "x-test": "1" }),
    },
  ]);
});

test("without the operator's word, nothing on this machine is connected to, by no spelling of its address", async () => {
  const to = await opened(tls);
  const via = outbound({ allow: "", ca: tls.cert });
  for (const host of [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f.1",
    "localhost",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "0.0.0.0",
  ])
    expect(await post(via, `https://${host}:${to.port}/`), host).toMatchObject({ failure: "refused_target" });
  expect(to.connections).toBe(0);
});

test("a name that leads to this machine is not followed there, nor one of whose addresses one does", async () => {
  const to = await opened(tls);
  for (const addresses of [
    ["127.0.0.1"],
    ["::1"],
    ["::ffff:127.0.0.1"],
    ["93.184.216.34", "127.0.0.1"],
    ["169.254.169.254"],
  ]) {
    const via = outbound({ allow: "", ca: tls.cert, resolvers: names(addresses).resolvers });
    expect(await post(via, `https://hooks.example.com:${to.port}/`), addresses.join()).toMatchObject({
      failure: "refused_target",
    });
  }
  expect(to.connections).toBe(0);
});

test("a name that leads elsewhere at the second look-up is asked once for a connection, and goes where it was checked", async () => {
  const to = await opened(tls);
  const { resolvers, asked } = names(["127.0.0.1"], ["127.0.0.2"], ["169.254.169.254"]);
  const via = outbound({ allow: "127.0.0.1/32", ca: tls.cert, resolvers });
  expect(await post(via, `https://hooks.example.com:${to.port}/`)).toMatchObject({ status: 204 });
  expect(asked()).toBe(1);
  // Another connection, another look-up, judged anew.
  const other = outbound({ allow: "127.0.0.1/32", ca: tls.cert, resolvers });
  expect(await post(other, `https://hooks.example.com:${to.port}/`)).toMatchObject({
    failure: "refused_target",
  });
  expect(await post(other, `https://hooks.example.com:${to.port}/`)).toMatchObject({
    failure: "refused_target",
  });
  expect(to.received).toHaveLength(1);
});

test("how long a receiver asks to be left alone comes with its status, in seconds, where it can be read", async () => {
  const to = await opened();
  const soon = new Date(Date.now() + 3_600_000).toUTCString();
  for (const [header, seconds] of [
    ["120", 120],
    ["0", 0],
    [soon, expect.toSatisfy((s: number) => s > 0 && s <= 3_600)],
    ["Sun, 06 Nov 1994 08:49:37 GMT", 0],
    ["-5", null],
    ["1e9", null],
    ["99999999999999999999", null],
    ["soon", null],
    ["x".repeat(5_000), null],
  ] as const) {
    to.answer((response) => response.writeHead(429, { "retry-after": header }).end());
    expect(await post(outbound(), to.url), header).toMatchObject({ status: 429, retryAfter: seconds });
  }
  to.answer((response) => response.writeHead(429).end());
  expect(await post(outbound(), to.url)).toMatchObject({ retryAfter: null });
});

test("a redirect is an answer, and is not followed", async () => {
  const [to, metadata] = [await opened(), await opened()];
  for (const status of [301, 302, 303, 307, 308]) {
    to.answer((response) =>
      response.writeHead(status, { location: `${metadata.url}/latest/meta-data` }).end(),
    );
    expect(await post(outbound(), to.url)).toMatchObject({ status });
  }
  expect(metadata.connections).toBe(0);
});

test("the environment's proxy is not asked", async () => {
  const [to, proxy] = [await opened(), await opened()];
  for (const name of [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "NODE_USE_ENV_PROXY",
  ])
    vi.stubEnv(name, name === "NODE_USE_ENV_PROXY" ? "1" : proxy.url);
  expect(await post(outbound(), to.url)).toMatchObject({ status: 204 });
  expect(proxy.connections).toBe(0);
});

test("a receiver that never answers is given up", async () => {
  const to = await opened();
  to.answer(() => {});
  expect(await post(outbound({ timeoutMs: 50 }), to.url)).toMatchObject({ failure: "timeout" });
});

test("one that sends its head byte by byte is given up, too", async () => {
  const url = await raw((socket) => {
    socket.write("HTTP/1.1 200 OK\r\n");
    const drip = setInterval(() => socket.write("x"), 5);
    socket.on("close", () => clearInterval(drip));
  });
  expect(await post(outbound({ timeoutMs: 100 }), url)).toMatchObject({ failure: "timeout" });
});

test("an answer of ten megabytes is cut off, and its status counts", async () => {
  const to = await opened();
  let sent = 0;
  const cut = new Promise<void>((done) =>
    to.answer((response) => {
      response.on("close", done);
      response.writeHead(200);
      const more = () => {
        for (; sent < 10_000_000; ) {
          sent += 65_536;
          if (!response.write(Buffer.alloc(65_536))) return void response.once("drain", more);
        }
        response.end();
      };
      more();
    }),
  );
  expect(await post(outbound(), to.url)).toMatchObject({ status: 200, answer: null });
  await cut;
  expect(sent).toBeLessThan(10_000_000);
});

test("an answer whose head is enormous, or that is no HTTP, is a broken one", async () => {
  for (const answer of [
    `HTTP/1.1 200 OK\r\nx: ${"y".repeat(100_000)}\r\n\r\n`,
    "SSH-2.0-OpenSSH_9.9\r\n",
    "HTTP/1.1 2",
  ]) {
    const url = await raw((socket) => socket.end(answer));
    expect(await post(outbound(), url)).toMatchObject({ failure: "broken" });
  }
});

test("an answer that is wanted comes whole or not at all", async () => {
  const to = await opened();
  to.answer((response) => response.end("x".repeat(100)));
  const ask = (answerBytes: number) => outbound().post({ url: to.url, headers: {}, body: "", answerBytes });
  expect(await ask(100)).toMatchObject({ status: 200, answer: Buffer.from("x".repeat(100)) });
  expect(await ask(99)).toMatchObject({ failure: "broken" });
});

test("a certificate that nobody vouches for, or another host's, is refused", async () => {
  const to = await opened(tls);
  expect(await post(outbound({ allow: "127.0.0.1" }), to.url)).toMatchObject({ failure: "tls" });
  const { resolvers } = names(["127.0.0.1"]);
  const via = outbound({ allow: "127.0.0.1", ca: tls.cert, resolvers });
  expect(await post(via, `https://other.example.com:${to.port}/`)).toMatchObject({ failure: "tls" });
  expect(await post(via, to.url)).toMatchObject({ status: 204 });
});

test("a refused connection and an unknown name have their own failures", async () => {
  const to = await receiver();
  await to.close();
  expect(await post(outbound(), to.url)).toMatchObject({ failure: "connect" });
  const unknown = async () =>
    Promise.reject(Object.assign(new Error("x"), { code: "ENOTFOUND", syscall: "queryA" }));
  const via = outbound({ resolvers: { public: unknown, named: unknown } });
  expect(await post(via, "https://nobody.example.com/")).toMatchObject({ failure: "dns" });
});

test("check says what post would refuse, before anything is sent", () => {
  expect(() => outbound().check("https://10.0.0.1/")).toThrow("public internet");
  expect(() => outbound().check("https://example.com/")).not.toThrow();
});

/** A server of bare TCP. */
async function raw(answer: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => answer(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push({
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}
