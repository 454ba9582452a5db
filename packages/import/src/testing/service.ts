import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** What a service was asked. */
export interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
  // biome-ignore lint/suspicious/noExplicitAny: what a client sent, looked into as the API's documents say.
  body: any;
}

/** What it says; "hang": nothing. */
export type Answer =
  | { status?: number; json?: unknown; text?: string; headers?: Record<string, string> }
  | "hang";

export interface Service {
  url: string;
  asked: Asked[];
  close(): void;
}

/** A server on this machine that answers as a documented API does. */
export async function serveApi(answer: (asked: Asked) => Answer): Promise<Service> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const url = new URL(request.url!, "http://localhost");
    const one = {
      method: request.method!,
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      headers: request.headers,
      body: text === "" ? {} : JSON.parse(text),
    };
    asked.push(one);
    const said = answer(one);
    if (said === "hang") return;
    response.writeHead(said.status ?? 200, { "content-type": "application/json", ...said.headers });
    response.end(said.text ?? JSON.stringify(said.json ?? {}));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () => void server.close().closeAllConnections(),
  };
}
