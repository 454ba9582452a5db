import type { Connections } from "@keyfold/db";
import type { EnvelopeOperation } from "@keyfold/envelope";
import type { KeyServiceCall } from "@keyfold/providers";
import type { JobRunView, KeyFacts, UpstreamFacts } from "@keyfold/secrets";
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { createKeyMetrics } from "./key-metrics.ts";
import { type Series, Times } from "./times.ts";

/** What this process counts. A registry of its own: two servers in one process do not mix. */
export interface Metrics {
  /** For `createEnvelope({ observe })`: seconds that sealing, opening, wrapping and unwrapping take. */
  envelope(operation: EnvelopeOperation, seconds: number): void;
  /** @param route a template such as /api/secrets/:id, never an address */
  request(method: string, route: string, status: number, seconds: number): void;
  refusedAuthentication(): void;
  /** Whether a checkpoint of the audit log could be pushed off the machine. */
  pushed(what: "checkpoint" | "journal", ok: boolean): void;
  /** Whether the database's hints arrive. */
  listening(on: boolean): void;
  /** One call that went to a key service. */
  keyService(call: KeyServiceCall): void;
  /** The root keys, and when the current one is due. */
  keys(facts: KeyFacts): void;
  /** When background jobs ran, in whatever process. */
  jobs(runs: readonly JobRunView[]): void;
  /** From now on the page shows how this pool is used. */
  watchPool(pool: Connections["pool"]): void;
  /** From now on the page shows what became of reads that went to upstreams, and of comparisons with them. */
  watchUpstreams(facts: () => readonly UpstreamFacts[]): void;
  /** The page that Prometheus reads. */
  page(): Promise<{ contentType: string; text: string }>;
}

/** @param options.process whether memory, event loop and the like of this process are shown; true by default */
export function createMetrics(options: { process?: boolean } = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (options.process ?? true) collectDefaultMetrics({ register: registry });
  const envelopes = new Times({
    name: "keyfold_envelope_seconds",
    help: "Time that cryptography takes, by operation.",
    buckets: [0.000_01, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1],
    register: registry,
  });
  const envelope: Record<EnvelopeOperation, Series> = {
    seal: envelopes.series({ operation: "seal" }),
    open: envelopes.series({ operation: "open" }),
    wrap: envelopes.series({ operation: "wrap" }),
    unwrap: envelopes.series({ operation: "unwrap" }),
  };
  const requests = new Times({
    name: "keyfold_http_request_seconds",
    help: "Time from a request's arrival to its answer, by method, route template and status.",
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
    register: registry,
  });
  /** By route; few each. */
  const byRoute = new Map<string, { method: string; status: number; series: Series }[]>();
  function requestsOf(method: string, route: string, status: number): Series {
    let of = byRoute.get(route);
    if (of === undefined) {
      of = [];
      byRoute.set(route, of);
    }
    const known = of.find((one) => one.method === method && one.status === status);
    if (known !== undefined) return known.series;
    const series = requests.series({ method, route, status });
    of.push({ method, status, series });
    return series;
  }
  const refused = new Counter({
    name: "keyfold_refused_authentications_total",
    help: "Calls whose token or session was not valid.",
    registers,
  });
  const pushes = {
    failed: new Counter({
      name: "keyfold_push_failures_total",
      help: "What could not be pushed off this machine: checkpoints of the audit log, lines of the journal.",
      labelNames: ["what"],
      registers,
    }),
    at: new Gauge({
      name: "keyfold_push_timestamp_seconds",
      help: "When this process last pushed one.",
      labelNames: ["what"],
      registers,
    }),
  };
  for (const what of ["checkpoint", "journal"]) pushes.failed.inc({ what }, 0);
  const keys = createKeyMetrics(registers);
  let listening: Gauge | null = null;
  const jobs = {
    idle: new Gauge({
      name: "keyfold_job_idle_seconds",
      help: "How long ago a background job last did something, in whatever process.",
      labelNames: ["job"],
      registers,
    }),
    overdue: new Gauge({
      name: "keyfold_job_overdue",
      help: "1 for a background job that nobody runs.",
      labelNames: ["job"],
      registers,
    }),
    failed: new Gauge({
      name: "keyfold_job_failed",
      help: "1 for a background job whose last run failed.",
      labelNames: ["job"],
      registers,
    }),
  };
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  return {
    envelope: (operation, seconds) => envelope[operation].observe(seconds),
    request: (method, route, status, seconds) => requestsOf(method, route, status).observe(seconds),
    refusedAuthentication: () => refused.inc(),
    pushed(what, ok) {
      if (ok) pushes.at.setToCurrentTime({ what });
      else pushes.failed.inc({ what });
    },
    listening(on) {
      listening ??= new Gauge({
        name: "keyfold_listening",
        help: "1 while the database's hints about changes arrive; reads are right without them, only slower.",
        registers,
      });
      listening.set(on ? 1 : 0);
    },
    ...keys,
    jobs(runs) {
      for (const { name: job, idleSeconds, overdue, problem } of runs) {
        jobs.idle.set({ job }, idleSeconds);
        jobs.overdue.set({ job }, overdue ? 1 : 0);
        jobs.failed.set({ job }, problem === null ? 0 : 1);
      }
    },
    watchPool(pool) {
      gauge("keyfold_pool_connections", "Connections to the database.", () => pool.totalCount);
      gauge("keyfold_pool_idle_connections", "Connections that nobody uses now.", () => pool.idleCount);
      gauge("keyfold_pool_waiting", "Calls that wait for a connection.", () => pool.waitingCount);
    },
    watchUpstreams(facts) {
      if (facts().length === 0) return;
      const show = (name: string, help: string, of: "reads" | "compared") =>
        new Gauge({
          name,
          help,
          labelNames: ["upstream", "outcome"],
          registers,
          collect() {
            for (const one of facts())
              for (const [outcome, count] of Object.entries(one[of]))
                this.set({ upstream: one.name, outcome }, count);
          },
        });
      show("keyfold_upstream_reads", "Questions put to upstreams since this process began.", "reads");
      show(
        "keyfold_upstream_compared",
        "Values that were compared with an upstream's since this process began.",
        "compared",
      );
    },
    page: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}
