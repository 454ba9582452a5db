import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { calling, clientOf } from "./client.ts";

const token = "kf_fake_token_that_is_none";
let close = () => {};
afterEach(() => close());

async function serve(answer: (request: IncomingMessage, response: ServerResponse, body: string) => void) {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    answer(request, response, body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  close = () => void server.close().closeAllConnections();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const me = (url: string, patience = {}) =>
  calling({ url }, () => clientOf({ url, token }, { retries: 0, ...patience }).trpc.identity.get.query());

test("calls carry the token, their input as it is, and come back parsed, over one connection", async () => {
  const asked: unknown[] = [];
  const ports = new Set<number | undefined>();
  const url = await serve((request, response, body) => {
    ports.add(request.socket.remotePort);
    asked.push([request.method, request.headers.authorization, request.headers["user-agent"], body]);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ result: { data: { json: { id: "é😀" } } } }));
  });
  const { trpc } = clientOf({ url, token });
  expect(await trpc.secrets.set.mutate({ name: "K", value: "é" })).toEqual({ id: "é😀" });
  expect(await trpc.identity.get.query()).toEqual({ id: "é😀" });
  const bearer = `Bearer ${token}`;
  expect(asked).toEqual([
    ["POST", bearer, "keyfold-cli", '{"json":{"name":"K","value":"é"}}'],
    ["GET", bearer, "keyfold-cli", ""],
  ]);
  expect(ports.size).toBe(1);
});

test("a redirect is not followed, what is no Keyfold and what breaks off is said so, and nobody waits for ever", async () => {
  let away = 0;
  let url = await serve((request, response) => {
    if (request.url === "/away") away++;
    response.writeHead(307, { location: "/away" }).end();
  });
  await expect(me(url)).rejects.toMatchObject({
    exit: 3,
    message: `What answers at ${url} is no Keyfold server.`,
  });
  expect(away).toBe(0);
  const notThere = { exit: 3, message: expect.stringMatching(/^The server at .* does not answer\.$/) };
  close();
  url = await serve((_, response) => {
    response.writeHead(200, { "content-length": "100" }).write("{");
    response.destroy();
  });
  await expect(me(url)).rejects.toMatchObject(notThere);
  close();
  url = await serve(() => {});
  await expect(me(url, { timeoutMs: 20 })).rejects.toMatchObject(notThere);
  await expect(me("http://127.0.0.1:1")).rejects.toMatchObject(notThere);
});

test("a server whose certificate nobody vouches for is sent nothing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "keyfold-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = [
    "-subj",
    "/CN=localhost",
    "-addext",
    "subjectAltName=DNS:localhost",
    "-keyout",
    key,
    "-out",
    cert,
  ];
  await promisify(execFile)("openssl", [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "1",
    ...made,
  ]);
  let asked = 0;
  const server = createTlsServer({ key: await readFile(key), cert: await readFile(cert) }, (_, response) => {
    asked++;
    response.end("{}");
  }).listen(0, "localhost");
  await once(server, "listening");
  close = () => void server.close().closeAllConnections();
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  await expect(me(url)).rejects.toMatchObject({ exit: 3 });
  expect(asked).toBe(0);
  await rm(folder, { recursive: true });
});
