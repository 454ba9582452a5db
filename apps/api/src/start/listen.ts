import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer as createHttpServer, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { KeyfoldError } from "@keyfold/secrets";
import type { Hono } from "hono";
import type { Config } from "../config.ts";
import type { HotDoor } from "../hot/door.ts";
import type { AppEnv } from "../http/facts.ts";
import { problemResponse, refusalOf } from "../http/problem.ts";
import { secure } from "../http/security-headers.ts";
import { StartError } from "./start-error.ts";

export interface Listening {
  port: number;
  /** Takes no new requests, lets the running ones finish for a while, then closes every connection. */
  close(): Promise<void>;
}

/** How long running requests may take after a stop was asked for, in milliseconds. */
const GRACE_MS = 5_000;

/** A client that sends its request more slowly than this is cut off, in milliseconds. */
const REQUEST_TIMEOUT_MS = 60_000;

/** Binds the address. @throws StartError for TLS files; what Node throws where it cannot be bound */
export async function listen(
  app: Pick<Hono<AppEnv>, "fetch"> & { readonly hot?: HotDoor | null },
  config: Pick<Config, "host" | "port" | "tls">,
): Promise<Listening> {
  const appListener = getRequestListener(app.fetch, {
    // What is no request that the app could be asked: a broken Host header, an address of another kind.
    errorHandler: () => {
      const correlationId = randomUUID();
      const answer = problemResponse(refusalOf(new KeyfoldError("bad_input")), correlationId);
      answer.headers.set("x-correlation-id", correlationId);
      secure(answer.headers, false);
      return answer;
    },
  });
  const listener = app.hot?.(appListener) ?? appListener;
  const options = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: 15_000,
    // A request without a body is no stream: an eighth of what Node's own server takes for it.
    optimizeEmptyRequests: true,
  };
  const server =
    config.tls === null
      ? createHttpServer(options, listener)
      : tlsServer({ ...options, ...(await readTls(config.tls)) }, listener);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(config.port, config.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

function tlsServer(options: Parameters<typeof createHttpsServer>[0], listener: RequestListener) {
  try {
    return createHttpsServer({ ...options, minVersion: "TLSv1.2" }, listener);
  } catch {
    throw new StartError(
      "KEYFOLD_TLS_CERT_FILE and KEYFOLD_TLS_KEY_FILE do not hold a certificate and its private key in PEM.",
    );
  }
}

async function readTls({ certFile, keyFile }: { certFile: string; keyFile: string }) {
  const read = (setting: string, path: string) =>
    readFile(path).catch((error: NodeJS.ErrnoException) => {
      throw new StartError(`${setting} cannot be read: ${path} (${error.code}).`);
    });
  return {
    cert: await read("KEYFOLD_TLS_CERT_FILE", certFile),
    key: await read("KEYFOLD_TLS_KEY_FILE", keyFile),
  };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), GRACE_MS);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
