import { migrationsDir } from "@keyfold/db/migrate";
import { createEnvelope } from "@keyfold/envelope";
import type { KeyfoldServer, KeyfoldServerOptions } from "@keyfold/secrets";
import { type House, openHouse } from "@keyfold/secrets/testing";
import type { Hono } from "hono";
import { type AppOptions, createApp } from "../app.ts";
import { createReadinessCheck } from "../health.ts";
import type { AppEnv } from "../http/facts.ts";
import { createLinksApp } from "../links/app.ts";
import { createLog } from "../observe/log.ts";
import { createMetrics } from "../observe/metrics.ts";
import { listen } from "../start/listen.ts";

export interface ServeOptions extends Partial<Omit<AppOptions, "keyfold" | "log" | "metrics" | "readiness">> {
  /** The house's own options. */
  house?: Partial<KeyfoldServerOptions>;
  /** Another server over the house's database, instead of the house's own. */
  server?(house: House): Promise<KeyfoldServer>;
}

export interface Served {
  /** Where the pages of links are, which have an origin of their own. */
  linksUrl: string;
  /** Where it listens, without a slash at the end. */
  url: string;
  house: House;
  /** Every line of the log so far, at level trace. */
  lines: string[];
  /** A call with a token; a body that is no string is sent as JSON. */
  call(path: string, options?: CallOptions): Promise<Answer>;
  /** The same at the links' origin. */
  callLinks(path: string, options?: CallOptions): Promise<Answer>;
  close(): Promise<void>;
}

export interface CallOptions {
  method?: string;
  token?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it as they like.
  json: any;
}

/** A whole Keyfold over HTTP on a free loopback port and a database of the suite's own. */
export async function serveHouse(options: ServeOptions = {}): Promise<Served> {
  const { house: houseOptions, server, ...app } = options;
  const lines: string[] = [];
  const log = createLog({ level: "trace", destination: { write: (line: string) => void lines.push(line) } });
  const metrics = createMetrics({ process: false });
  // Its address is in what the house hands out, so it listens first.
  let links: Pick<Hono<AppEnv>, "fetch"> | null = null;
  const linksListening = await listen(
    { fetch: (...given) => links!.fetch(...given) },
    { host: "127.0.0.1", port: 0, tls: null },
  );
  const linksUrl = `http://127.0.0.1:${linksListening.port}`;
  const house = await openHouse({
    linkOrigin: linksUrl,
    envelope: createEnvelope({ observe: metrics.envelope }),
    log: {
      warn: (facts, message) => log.warn(facts, message),
      error: (facts, message) => log.error(facts, message),
    },
    ...houseOptions,
  });
  metrics.watchPool(house.db.pool);
  try {
    const readiness = createReadinessCheck({ pool: house.db.pool, provider: house.provider, migrationsDir });
    const keyfold = server === undefined ? house.server : await server(house);
    const listening = await listen(createApp({ keyfold, log, metrics, readiness, ...app }), {
      host: "127.0.0.1",
      port: 0,
      tls: null,
    });
    const url = `http://127.0.0.1:${listening.port}`;
    const { panelDir = null } = app;
    links = createLinksApp({ keyfold, log, metrics, panelDir, origin: new URL(linksUrl) });
    return {
      linksUrl,
      url,
      house,
      lines,
      call: (path, request) => call(url, path, request),
      callLinks: (path, request) => call(linksUrl, path, request),
      async close() {
        await listening.close();
        await linksListening.close();
        await house.close();
      },
    };
  } catch (error) {
    await house.close();
    throw error;
  }
}

async function call(
  url: string,
  path: string,
  { method, token, body, headers }: CallOptions = {},
): Promise<Answer> {
  const response = await fetch(url + path, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined
      ? {}
      : {
          body:
            typeof body === "string" || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
        }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : null };
}
