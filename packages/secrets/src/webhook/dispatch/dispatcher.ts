import { withDeploymentSql } from "@keyfold/db";
import { describeCause } from "../../error.ts";
import { again } from "../../flow/again.ts";
import type { Services } from "../../flow/services.ts";
import type { WebhookTransport } from "../transport.ts";
import { deliver } from "./deliver.ts";
import { LAZILY } from "./lazily.ts";
import { type Claimed, type Records, recordsOf } from "./records.ts";
import { isAnythingWaiting, routeMessages } from "./route.ts";

export interface DispatcherOptions {
  /** Most attempts under way at once in this process, but for those that are slow; 256 by default. */
  concurrency?: number;
  /** Most of them to one endpoint, about; 16 by default. To one that is failing goes one. */
  perEndpoint?: number;
  /** An attempt that takes longer is slow, and gives its place to another, in milliseconds; 1000 by default. */
  slowMs?: number;
  /** How long an attempt may take before another process makes it again, in seconds; 60 by default. */
  leaseSeconds?: number;
  /** How often it looks by itself, in milliseconds, hints or none; 1000 by default. */
  pollMs?: number;
}

interface Attempt {
  readonly tenant: string;
  readonly endpoint: string;
  /** When it began, in milliseconds that only grow. */
  readonly at: number;
  ended: Promise<void>;
}

/** Slow attempts and all others together are at most so many times the concurrency. */
const WITH_SLOW = 8;
/** Hints that come faster than this are answered by one look: every change of every tenant is one. */
const BETWEEN_LOOKS_MS = 20;

/**
 * Sends webhooks: hands messages over to endpoints, takes what is due under a lease, and makes the attempts. A process that
 * is killed loses nothing, since its leases run out; what it had sent and not written down is sent again, under the same
 * id. An endpoint that hangs holds its own few places and nobody else's, and these for a second only; one tenant's
 * endpoints together have half of all places at most.
 */
export class WebhookDispatcher {
  readonly #services: Services;
  readonly #transport: WebhookTransport;
  readonly #options: Required<DispatcherOptions>;
  readonly #records: Records;
  readonly #underWay = new Set<Attempt>();
  readonly #stopping = new AbortController();
  #woken = false;
  /** Whether messages may be there that were not handed over: at a start, after a hint, and every now and then. */
  #told = true;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #nextLook: NodeJS.Timeout | null = null;
  #ring: (() => void) | null = null;
  #loop: Promise<void> | null = null;
  /** Told when it has stopped. */
  onStopped: () => void = () => {};

  constructor(services: Services, transport: WebhookTransport, options: DispatcherOptions = {}) {
    this.#services = services;
    this.#transport = transport;
    this.#records = recordsOf(services);
    this.#options = {
      concurrency: 256,
      perEndpoint: 16,
      slowMs: 1_000,
      leaseSeconds: 60,
      pollMs: 1_000,
      ...options,
    };
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Something may be due: look now, or in a moment if it just has. Costs next to nothing, and is never needed. */
  wake(): void {
    this.#told = true;
    const wait = this.#lookedAt + BETWEEN_LOOKS_MS - performance.now();
    if (wait <= 0) this.#free();
    else
      this.#nextLook ??= setTimeout(() => {
        this.#nextLook = null;
        // Else it has looked meanwhile.
        if (this.#told) this.#free();
      }, wait).unref();
  }

  #free(): void {
    this.#woken = true;
    this.#ring?.();
  }

  /** Ends what is under way and waits for it: what was not answered yet is sent again by whoever comes next. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#nextLook !== null) clearTimeout(this.#nextLook);
    this.#free();
    await this.#loop;
    await Promise.all([...this.#underWay].map(({ ended }) => ended));
    this.onStopped();
  }

  async #run(): Promise<void> {
    let failing = false;
    while (!this.#stopping.signal.aborted) {
      // A place that is free again has nothing to do with what was told meanwhile.
      const route = this.#told;
      this.#woken = this.#told = false;
      let found = 0;
      try {
        if (route) this.#lookedAt = performance.now();
        if (!route || (await isAnythingWaiting(this.#services))) {
          if (route) found += await routeMessages(this.#services);
          found += await this.#take();
        }
        failing = false;
      } catch (error) {
        // The database is away or slow: told once, and tried again.
        if (!failing)
          this.#services.log.error(
            { cause: describeCause(error) },
            "webhooks cannot be sent now; trying again",
          );
        failing = true;
      }
      if (route && found > 0) this.#told = true; // there may be more than was looked at
      if (found === 0 || failing) await this.#rest();
    }
  }

  async #take(): Promise<number> {
    const { concurrency, perEndpoint, leaseSeconds } = this.#options;
    const { free, busy, left } = this.#places();
    if (free <= 0) return 0;
    const claimed = await again(() =>
      withDeploymentSql(this.#services.db, ({ query }) =>
        query<Claimed>(
          `SELECT ${LAZILY}, c.* FROM control_plane.claim_deliveries(
             $1::uuid[], $2::int, $3::int, make_interval(secs => $4::float8), $5::uuid[], $6::int[], $7::int) c`,
          [busy, perEndpoint, free, leaseSeconds, [...left.keys()], [...left.values()], shareOf(concurrency)],
        ),
      ),
    );
    for (const one of claimed) this.#launch(one);
    return claimed.length;
  }

  /** How many more attempts may begin, to which endpoints none, and of which tenants how many. */
  #places(): { free: number; busy: string[]; left: Map<string, number> } {
    const { concurrency, perEndpoint, slowMs } = this.#options;
    const quickSince = performance.now() - slowMs;
    let quick = 0;
    const ofEndpoint = new Map<string, number>();
    const ofTenant = new Map<string, { quick: number; all: number }>();
    for (const { tenant, endpoint, at } of this.#underWay) {
      ofEndpoint.set(endpoint, (ofEndpoint.get(endpoint) ?? 0) + 1);
      const used = ofTenant.get(tenant) ?? { quick: 0, all: 0 };
      ofTenant.set(tenant, used);
      used.all++;
      if (at <= quickSince) continue;
      used.quick++;
      quick++;
    }
    const left = new Map<string, number>();
    for (const [tenant, used] of ofTenant)
      left.set(tenant, Math.max(0, Math.min(shareOf(concurrency) - used.quick, concurrency - used.all)));
    return {
      free: Math.min(concurrency - quick, WITH_SLOW * concurrency - this.#underWay.size),
      busy: [...ofEndpoint].flatMap(([id, count]) => (count > perEndpoint / 2 ? [id] : [])),
      left,
    };
  }

  #launch(claimed: Claimed): void {
    const { tenant_id: tenant, endpoint_id: endpoint } = claimed;
    const ended = deliver(this.#services, this.#transport, this.#records, claimed, this.#stopping.signal)
      .catch((error: unknown) => {
        this.#services.log.error(
          { tenant, webhook: endpoint, cause: describeCause(error) },
          "an attempt to send a webhook could not be written down; it will be made again",
        );
      })
      .finally(() => {
        this.#underWay.delete(attempt);
        this.#free();
      });
    const attempt: Attempt = { tenant, endpoint, at: performance.now(), ended };
    this.#underWay.add(attempt);
  }

  /** Until somebody wakes it, or a while. */
  #rest(): Promise<void> {
    if (this.#woken || this.#stopping.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#ring = null;
        resolve();
      };
      const timer = setTimeout(() => {
        this.#told = true;
        done();
      }, this.#options.pollMs);
      timer.unref();
      this.#ring = done;
    });
  }
}

/** One tenant's share of the places: the others' endpoints have the rest to themselves. */
const shareOf = (concurrency: number): number => Math.ceil(concurrency / 2);
