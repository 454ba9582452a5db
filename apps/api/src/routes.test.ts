import type { KeyfoldServer } from "@keyfold/secrets";
import type { Hono } from "hono";
import { expect, test } from "vitest";
import { createApp } from "./app.ts";
import type { AppEnv } from "./http/facts.ts";
import { createLinksApp } from "./links/app.ts";
import { createLog } from "./observe/log.ts";
import { createMetrics } from "./observe/metrics.ts";
import { routes } from "./rest/routes.ts";
import { FEDERATION_DOORS, LINK_DOORS, PEOPLE_DOORS, SESSION_DOORS } from "./testing/doors.ts";

/*
 * Whatever answers a request is of one of these lists. REST routes lead to verbs (rest/matrix.test.ts), which the
 * authorization matrix and the audit log's test enumerate; doors beside them are enumerated in ways-in.test.ts.
 */

/** Said of whether it runs; beyond yes and no to this machine and to operators only, who are asked for by `identity.get`. */
const OPERATIONS = ["GET /healthz", "GET /readyz", "GET /metrics"];
/** The same for everybody: files of ours, and what the API is like. */
const STATIC = [
  "GET /api/openapi.json",
  "GET /api/docs",
  "GET /api/docs/start.js",
  "GET /api/docs/swagger-ui.css",
  "GET /api/docs/swagger-ui-bundle.js",
  "GET /api/docs/favicon-32x32.png",
  "GET /*",
];
/** Every procedure of the router: verbs, one by one. */
const PROCEDURES = ["ALL /trpc/*"];
/** What only looks at a request on its way: its address let go, facts and headers, limits, the documentation's headers, the panel's. */
const ON_THE_WAY = [
  ...["ALL /*", "ALL /*"],
  ...["/api/*", "/trpc/*", "/session/*", "/people/*"].map((path) => `ALL ${path}`),
  "ALL /api/docs/*",
  "ALL /session",
];

/** Routes with, for each path, the answer to other methods. */
function withOthers(doors: readonly string[]): string[] {
  const paths = new Set(doors.map((door) => door.split(" ")[1]!));
  return [...doors, ...[...paths].map((path) => `ALL ${path}`)];
}

const mounted = (app: Hono<AppEnv>) => app.routes.map(({ method, path }) => `${method} ${path}`).sort();

const keyfold = { router: { _def: { record: {} } }, people: {}, links: {} } as unknown as KeyfoldServer;
const log = createLog({ level: "silent", destination: { write() {} } });
const metrics = createMetrics({ process: false });
const app = () => createApp({ keyfold, log, metrics, readiness: () => Promise.reject(new Error("unasked")) });

const known = [
  ...ON_THE_WAY,
  ...withOthers(routes.map(({ method, path }) => `${method} /api${path}`)),
  ...withOthers([...SESSION_DOORS, ...PEOPLE_DOORS, ...FEDERATION_DOORS]),
  ...PROCEDURES,
  ...OPERATIONS,
  ...STATIC,
].sort();

test("every route of the app is a verb's, one of the doors beside verbs, or says nothing of anybody's", () => {
  expect(mounted(app())).toEqual(known);
  // What somebody mounts beside them is found, also where something answers at its path already.
  for (const [method, path] of [
    ["GET", "/api/backdoor"],
    ["POST", "/session"],
    ["ALL", "/trpc/*"],
  ] as const) {
    const more = app();
    more.on(method, path, (c) => c.text("not classified"));
    expect(mounted(more), `${method} ${path}`).not.toEqual(known);
  }
});

test("at the links' origin there are the links' doors, and nothing else but files", () => {
  const links = createLinksApp({
    keyfold,
    log,
    metrics,
    panelDir: null,
    origin: new URL("https://links.example.com"),
  });
  const posts = LINK_DOORS.filter((door) => door.startsWith("POST"));
  expect(mounted(links)).toEqual(
    ["ALL /*", "ALL /*", "ALL /l/*", "ALL /links/*", "GET /*", "GET /l/:id", ...withOthers(posts)].sort(),
  );
});
