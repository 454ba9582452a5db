import { type KeyfoldServer, verbs } from "@keyfold/secrets";
import type { Hono } from "hono";
import type { Readiness } from "./health.ts";
import { peerOf } from "./http/begin.ts";
import type { Callers } from "./http/callers.ts";
import { isLocal } from "./http/client-address.ts";
import type { AppContext, AppEnv } from "./http/facts.ts";
import { HttpError, problemResponse, refusalOf } from "./http/problem.ts";
import type { Metrics } from "./observe/metrics.ts";

export interface OperationsOptions {
  keyfold: Pick<KeyfoldServer, "invoke" | "jobRuns">;
  callers: Callers;
  metrics: Metrics;
  readiness(): Promise<Readiness>;
}

/**
 * For who runs it: /healthz (the process answers), /readyz (it can serve), /metrics (Prometheus). The first two are
 * for everyone; what they say beyond yes and no, and the metrics, are for this machine itself (not through a proxy)
 * and for operators.
 */
export function mountOperations(app: Hono<AppEnv>, options: OperationsOptions): void {
  const { callers, keyfold, metrics, readiness } = options;

  async function mayLook(c: AppContext): Promise<boolean> {
    if (isLocal(peerOf(c.env?.incoming?.socket), c.req.raw.headers)) return true;
    if (!c.req.raw.headers.has("authorization")) return false;
    const identity = await keyfold.invoke(verbs.identity.get, callers.requestOf(c), undefined);
    return identity.type === "operator";
  }

  app.get("/healthz", (c) => {
    c.get("facts").route = "/healthz";
    return c.json({ status: "alive" });
  });

  const jobs = () =>
    keyfold.jobRuns().then(
      (runs) =>
        runs.map(({ name, startedAt, finishedAt, problem, overdue }) => ({
          name,
          started_at: startedAt,
          finished_at: finishedAt,
          problem,
          overdue,
        })),
      () => null,
    );

  let asking: Promise<Readiness> | null = null;
  app.get("/readyz", async (c) => {
    const facts = c.get("facts");
    facts.route = "/readyz";
    // However many ask at once, the database is asked once.
    asking ??= readiness().finally(() => {
      asking = null;
    });
    const checks = await asking;
    const problems = Object.values(checks).flat();
    const shown = await mayLook(c).catch(() => false);
    // Jobs that nobody runs are told here and by the log; requests are served all the same.
    if (problems.length === 0)
      return c.json(shown ? { status: "ready", checks, jobs: await jobs() } : { status: "ready" });
    const refusal = refusalOf(new HttpError("not_ready"));
    facts.refusal = refusal.code;
    const issues = Object.entries(checks).flatMap(([path, found]) =>
      found.map((message) => ({ path, message })),
    );
    return problemResponse(shown ? { ...refusal, issues } : refusal, facts.correlationId);
  });

  app.get("/metrics", async (c) => {
    c.get("facts").route = "/metrics";
    if (!(await mayLook(c))) throw new HttpError("local_only");
    const { contentType, text } = await metrics.page();
    return new Response(text, { headers: { "content-type": contentType } });
  });
}
