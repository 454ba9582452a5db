import { randomUUID } from "node:crypto";
import { withTenantSql } from "@keyfold/db";
import type { SecretValue } from "@keyfold/envelope";
import { LRUCache } from "lru-cache";
import type { JobActor, ServiceActor } from "../access/actor.ts";
import { describeCause } from "../error.ts";
import { again } from "../flow/again.ts";
import type { Call } from "../flow/call.ts";
import { lookSql } from "../flow/change.ts";
import type { Services } from "../flow/services.ts";
import { findPlace } from "../place/place.ts";
import { UpstreamDown } from "./gate.ts";

/** One version is compared at most once in so long: what is read all day is not asked for all day. */
const EVERY_MS = 60_000;
const MOST_REMEMBERED = 10_000;
/** What waits beyond this is left out. */
const MOST_WAITING = 1_000;
const AT_ONCE = 4;

const ACTOR: JobActor = {
  type: "job",
  id: "upstream.compare",
  name: "upstream.compare",
  via: "job",
  session: null,
  deadline: null,
  actions: [],
};

interface Waiting {
  readonly tenant: { id: string; slug: string };
  readonly secret: { id: string; name: string; projectId: string; environmentId: string };
  readonly version: number;
  /** Of the value that was read: the value itself is not kept. */
  readonly digest: Buffer;
}

/** Compares what was read here with its place's upstream, after the read was answered and without delaying any. */
export class Comparisons {
  readonly #services: () => Services;
  readonly #lately: LRUCache<string, true>;
  #waiting: Waiting[] = [];
  readonly #running = new Set<Promise<void>>();

  constructor(services: () => Services, clock: () => Date) {
    this.#services = services;
    this.#lately = new LRUCache({
      max: MOST_REMEMBERED,
      ttl: EVERY_MS,
      perf: { now: () => clock().getTime() },
      ttlResolution: 0,
    });
  }

  /** Notes a read of a current version, for later. The value is the caller's, and stays so. */
  saw(actor: ServiceActor, secret: Waiting["secret"], version: number, value: SecretValue): void {
    const { upstreams } = this.#services();
    const key = `${secret.id}/${version}`;
    if (upstreams?.comparing !== true || this.#lately.has(key) || this.#waiting.length >= MOST_WAITING)
      return;
    this.#lately.set(key, true);
    const { id, name, projectId, environmentId } = secret;
    this.#waiting.push({
      tenant: { id: actor.tenantId, slug: actor.tenantSlug },
      secret: { id, name, projectId, environmentId },
      version,
      digest: upstreams.digest(value),
    });
    if (this.#running.size >= AT_ONCE) return;
    const run: Promise<void> = this.#work().finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  /** Resolves when nothing waits. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  stop(): void {
    this.#waiting = [];
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
      await this.#one(next).catch((error: unknown) =>
        this.#services().log.warn({ cause: describeCause(error) }, "a comparison with an upstream failed"),
      );
  }

  async #one({ tenant, secret, version, digest }: Waiting): Promise<void> {
    const services = this.#services();
    const request = { credential: null, ip: null, userAgent: null, correlationId: randomUUID() };
    const call: Call = { services, actor: ACTOR, action: "secret.get", request };
    const { upstreams } = services;
    const place = await again(() =>
      withTenantSql(services.db, tenant.id, ({ query }) =>
        findPlace(
          { call, tenantId: tenant.id, query },
          { project: secret.projectId, environment: secret.environmentId },
        ),
      ),
    );
    const gate = upstreams?.of({ tenant, ...place });
    if (upstreams == null || gate == null || gate.upstream.compares !== true) return;
    const asked = { tenant, ...place, name: secret.name };
    const theirs = await gate.read(asked, gate.deadline()).catch((error: unknown) => {
      if (error instanceof UpstreamDown) return "down" as const;
      throw error;
    });
    if (theirs === "down") return upstreams.count(gate, "skipped");
    upstreams.count(gate, upstreams.compare(digest, theirs));
    // Whether they are equal is told only to who may read both, and so not here.
    await lookSql(call, tenant.id, async (unit) =>
      unit.record({
        action: "secret.compared",
        target: { type: "secret", id: secret.id, name: secret.name, version },
        details: { upstream: gate.upstream.name },
      }),
    );
  }
}
