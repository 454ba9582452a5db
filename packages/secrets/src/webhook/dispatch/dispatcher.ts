import { withDeployment } from "@keyfold/db";
import { describeCause } from "../../error.ts";
import { again } from "../../flow/again.ts";
import type { Services } from "../../flow/services.ts";
import type { WebhookTransport } from "../transport.ts";
import { type Claimed, deliver } from "./deliver.ts";
import { routeMessages } from "./route.ts";
import { turns } from "./turns.ts";

export interface DispatcherOptions {
  /** Most attempts under way at once in this process; 256 by default. */
  concurrency?: number;
  /** Most of them to one endpoint, about; 8 by default. To one that is failing goes one. */
  perEndpoint?: number;
  /** How long an attempt may take before another process makes it again, in seconds; 60 by default. */
  leaseSeconds?: number;
  /** How often it looks by itself, in milliseconds, hints or none; 1000 by default. */
  pollMs?: number;
}

/** Most statements that attempts have before the database at once, of the ten connections that a process has. */
const DATABASE_AT_ONCE = 4;

/**
 * Sends webhooks: hands messages over to endpoints, takes what is due under a lease, and makes the attempts. A process that
 * is killed loses nothing, since its leases run out; what it had sent and not written down is sent again, under the same
 * id. An endpoint that hangs holds its own few places and nobody else's.
 */
export class WebhookDispatcher {
  readonly #services: Services;
  readonly #transport: WebhookTransport;
  readonly #options: Required<DispatcherOptions>;
  readonly #turn = turns(DATABASE_AT_ONCE);
  readonly #underWay = new Set<Promise<void>>();
  readonly #perEndpoint = new Map<string, number>();
  readonly #stopping = new AbortController();
  #woken = false;
  #ring: (() => void) | null = null;
  #loop: Promise<void> | null = null;
  /** Told when it has stopped. */
  onStopped: () => void = () => {};

  constructor(services: Services, transport: WebhookTransport, options: DispatcherOptions = {}) {
    this.#services = services;
    this.#transport = transport;
    this.#options = { concurrency: 256, perEndpoint: 8, leaseSeconds: 60, pollMs: 1_000, ...options };
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Something may be due: look now. Costs nothing, and is never needed. */
  wake(): void {
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
      this.#woken = false;
      let found = 0;
      try {
        found = (await routeMessages(this.#services)) + (await this.#take());
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
      if (found === 0 || failing) await this.#rest();
    }
  }

  async #take(): Promise<number> {
    const { concurrency, perEndpoint, leaseSeconds } = this.#options;
    const free = concurrency - this.#underWay.size;
    if (free <= 0) return 0;
    const busy = [...this.#perEndpoint].flatMap(([id, count]) => (count >= perEndpoint ? [id] : []));
    const claimed = await again(() =>
      withDeployment(this.#services.db, ({ query }) =>
        query<Claimed>(
          "SELECT * FROM control_plane.claim_deliveries($1::uuid[], $2::int, $3::int, make_interval(secs => $4::float8))",
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
    const attempt = deliver(this.#services, this.#transport, this.#turn, claimed, this.#stopping.signal)
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
        this.wake();
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
      const timer = setTimeout(done, this.#options.pollMs);
      timer.unref();
      this.#ring = done;
    });
  }
}
