import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";

export interface Received {
  path: string;
  method: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Somebody else's server on this machine, for tests: it keeps what it was sent, and answers as it is told to. */
export interface Receiver {
  readonly url: string;
  readonly port: number;
  readonly received: readonly Received[];
  /** How many connections were ever made to it. */
  readonly connections: number;
  /** Resolves when so much has been received in all. */
  count(n: number): Promise<void>;
  answer(how: (response: ServerResponse, received: Received) => void): void;
  close(): Promise<void>;
}

/** Opens a receiver on 127.0.0.1 that answers 204. @param tls a key and a certificate, for https */
export async function receiver(tls?: { key: string; cert: string }): Promise<Receiver> {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  const waiting: { n: number; done: () => void }[] = [];
  let connections = 0;
  let how: (response: ServerResponse, received: Received) => void = (response) =>
    response.writeHead(204).end();
  const handle = (request: import("node:http").IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const one = {
        path: request.url ?? "",
        method: request.method ?? "",
        headers: request.headers,
        body: Buffer.concat(chunks).toString("utf8"),
      };
      received.push(one);
      how(response, one);
      for (const { n, done } of waiting) if (received.length >= n) done();
    });
    request.on("error", () => {});
    response.on("error", () => {});
  };
  const server: Server = tls === undefined ? createServer(handle) : createTlsServer(tls, handle);
  server.on("connection", (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    port,
    received,
    get connections() {
      return connections;
    },
    count: (n) =>
      received.length >= n ? Promise.resolve() : new Promise((done) => void waiting.push({ n, done })),
    answer(next) {
      how = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
