import { withDeploymentSql } from "@keyfold/db";
import { describeCause } from "../../error.ts";
import { again } from "../../flow/again.ts";
import type { Services } from "../../flow/services.ts";
import type { WebhookTransport } from "../transport.ts";
import { deliver } from "./deliver.ts";
import { LAZILY } from "./lazily.ts";
import { type Claimed, type Records, recordsOf } from "./records.ts";
import { routeMessages } from "./route.ts";

export interface DispatcherOptions {
  /** Most attempts under way at once in this process; 256 by default. */
  concurrency?: number;
  /** Most of them to one endpoint, about; 16 by default. To one that is failing goes one. */
  perEndpoint?: number;
  /** How long an attempt may take before another process makes it again, in seconds; 60 by default. */
  leaseSeconds?: number;
  /** How often it looks by itself, in milliseconds, hints or none; 1000 by default. */
  pollMs?: number;
}

/**
 * Sends webhooks: hands messages over to endpoints, takes what is due under a lease, and makes the attempts. A process that
 * is killed loses nothing, since its leases run out; what it had sent and not written down is sent again, under the same
 * id. An endpoint that hangs holds its own few places and nobody else's.
 */
export class WebhookDispatcher {
  readonly #services: Services;
  readonly #transport: WebhookTransport;
  readonly #options: Required<DispatcherOptions>;
  readonly #records: Records;
  readonly #underWay = new Set<Promise<void>>();
  readonly #perEndpoint = new Map<string, number>();
  readonly #stopping = new AbortController();
  #woken = false;
  /** Whether messages may be there that were not handed over: at a start, after a hint, and every now and then. */
  #told = true;
  #ring: (() => void) | null = null;
  #loop: Promise<void> | null = null;
  /** Told when it has stopped. */
  onStopped: () => void = () => {};

  constructor(services: Services, transport: WebhookTransport, options: DispatcherOptions = {}) {
    this.#services = services;
    this.#transport = transport;
    this.#records = recordsOf(services);
    this.#options = { concurrency: 256, perEndpoint: 16, leaseSeconds: 60, pollMs: 1_000, ...options };
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Something may be due: look now. Costs nothing, and is never needed. */
  wake(): void {
    this.#told = true;
    this.#free();
  }

  #free(): void {
    this.#woken = true;
    this.#ring?.();
  }

  /** Ends what is under way and waits for it: what was not answered yet is sent again by whoever comes next. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#loop;
    await Promise.all(this.#underWay);
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
        if (route) found += await routeMessages(this.#services);
        found += await this.#take();
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
    const free = concurrency - this.#underWay.size;
    if (free <= 0) return 0;
    const busy = [...this.#perEndpoint].flatMap(([id, count]) => (count > perEndpoint / 2 ? [id] : []));
    const claimed = await again(() =>
      withDeploymentSql(this.#services.db, ({ query }) =>
        query<Claimed>(
          `SELECT ${LAZILY}, c.* FROM control_plane.claim_deliveries($1::uuid[], $2::int, $3::int, make_interval(secs => $4::float8)) c`,
          [busy, perEndpoint, free, leaseSeconds],
        ),
      ),
    );
    for (const one of claimed) this.#launch(one);
    return claimed.length;
  }

  #launch(claimed: Claimed): void {
    const { endpoint_id: endpoint } = claimed;
    this.#perEndpoint.set(endpoint, (this.#perEndpoint.get(endpoint) ?? 0) + 1);
    const attempt = deliver(this.#services, this.#transport, this.#records, claimed, this.#stopping.signal)
      .catch((error: unknown) => {
        this.#services.log.error(
          { tenant: claimed.tenant_id, webhook: endpoint, cause: describeCause(error) },
          "an attempt to send a webhook could not be written down; it will be made again",
        );
      })
      .finally(() => {
        this.#underWay.delete(attempt);
        const left = this.#perEndpoint.get(endpoint)! - 1;
        if (left === 0) this.#perEndpoint.delete(endpoint);
        else this.#perEndpoint.set(endpoint, left);
        this.#free();
      });
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
