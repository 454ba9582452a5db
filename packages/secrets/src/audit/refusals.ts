import { randomUUID } from "node:crypto";
import type { AuditEvent, Outcome } from "@keyfold/ledger";
import { describeCause } from "../error.ts";
import type { RequestInfo } from "../flow/call.ts";
import { encode, type Target } from "../flow/event.ts";
import type { DomainLog } from "../flow/services.ts";

/** Whoever calls and says nothing of themselves that is true. */
export const ANONYMOUS: AuditEvent["actor"] = { type: "anonymous", id: null, name: null, via: null };

/** A refusal whose caller is known, as its tenant's chain (or, of an operator, the deployment's) hears of it. */
export interface KnownRefusal {
  chain: string;
  tenant: string | null;
  actor: AuditEvent["actor"];
  action: string;
  outcome: Outcome;
  code: string;
  target: Target | null;
  details?: AuditEvent["details"];
  request: Pick<RequestInfo, "ip" | "userAgent" | "correlationId">;
}

export interface RefusalOptions {
  /** How often what was counted is written, in milliseconds; 10 000 by default, null: only by `flush`. */
  everyMs?: number | null;
  /** Milliseconds that only grow. */
  steady?: () => number;
}

/** What somebody is refused so often in a window stands there one by one; what is beyond is counted. */
const SINGLY = 20;
const WINDOW_MS = 60_000;
/** Kinds of refusals that are told apart at once. What is beyond is counted together, by chain. */
const MOST = 10_000;
/** Addresses of strangers that are told apart in a window. */
const MOST_ADDRESSES = 1_000;

interface Counted {
  since: number;
  singly: number;
  more: number;
  last: KnownRefusal;
}

/**
 * Tells the audit log of refusals, without letting whoever provokes them fill it: a known caller's one by one and then
 * counted, a minute's in one event; strangers' aggregated in the deployment's chain. A process that is killed loses the
 * counts of the last minute, and no single one.
 */
export class RefusalLog {
  readonly #append: (chain: string, event: Buffer) => Promise<void>;
  readonly #deployment: string;
  readonly #clock: () => Date;
  readonly #log: DomainLog;
  readonly #steady: () => number;
  #timer: NodeJS.Timeout | undefined;
  #known = new Map<string, Counted>();
  #strangers = { since: 0, count: 0, addresses: new Map<string, number>() };

  constructor(
    given: {
      append(chain: string, event: Buffer): Promise<void>;
      deployment: string;
      clock: () => Date;
      log: DomainLog;
    },
    options: RefusalOptions = {},
  ) {
    this.#append = given.append;
    this.#deployment = given.deployment;
    this.#clock = given.clock;
    this.#log = given.log;
    this.#steady = options.steady ?? (() => performance.now());
    const everyMs = options.everyMs === undefined ? 10_000 : options.everyMs;
    if (everyMs === null) return;
    this.#timer = setInterval(() => void this.#flush(false), everyMs);
    this.#timer.unref();
  }

  /** Counts no more windows by itself; `flush` still writes. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** Its failing changes nothing for the caller, who is refused all the same. */
  async known(refusal: KnownRefusal): Promise<void> {
    if (!this.#countsSingly(refusal)) return;
    const { target, details = {}, code } = refusal;
    await this.#write(refusal.chain, refusal, { target, details: { ...details, code } });
  }

  /** A call whose caller nobody knows: no credential, or none that is one. */
  stranger(ip: string | null): void {
    const strangers = this.#strangers;
    if (strangers.count === 0) strangers.since = this.#steady();
    strangers.count++;
    const address = ip ?? "unknown";
    const known = strangers.addresses.get(address);
    if (known !== undefined || strangers.addresses.size < MOST_ADDRESSES)
      strangers.addresses.set(address, (known ?? 0) + 1);
  }

  /** Writes what was counted until now. */
  async flush(): Promise<void> {
    await this.#flush(true);
  }

  #countsSingly(refusal: KnownRefusal): boolean {
    const { chain, actor, action, code, target } = refusal;
    // Of who is no actor yet, the rule that refused them stands for them.
    const who = actor.id ?? target?.id ?? "";
    let key = JSON.stringify([chain, actor.type, who, action, code]);
    if (!this.#known.has(key) && this.#known.size >= MOST) key = chain;
    const counted = this.#known.get(key);
    const now = this.#steady();
    if (counted === undefined || (counted.more === 0 && now - counted.since >= WINDOW_MS)) {
      this.#known.delete(key);
      this.#known.set(key, { since: now, singly: 1, more: 0, last: refusal });
      return true;
    }
    if (counted.singly < SINGLY) {
      counted.singly++;
      return true;
    }
    counted.more++;
    counted.last = refusal;
    return false;
  }

  async #flush(all: boolean): Promise<void> {
    const now = this.#steady();
    // As they stand now: what cannot be written is put back.
    for (const [key, counted] of [...this.#known]) {
      if (!all && now - counted.since < WINDOW_MS) continue;
      this.#known.delete(key);
      if (counted.more === 0) continue;
      const { last, more } = counted;
      const { actor, action, outcome, tenant, request, code } = last;
      const told = { actor, action, outcome, tenant, request: { ...request, correlationId: randomUUID() } };
      const seconds = Math.max(1, Math.round((now - counted.since) / 1000));
      const details = { code, count: more, seconds };
      if (await this.#write(last.chain, told, { target: null, details })) continue;
      // Counted with the next ones, and written when there is room again.
      const later = this.#known.get(key);
      if (later === undefined) this.#known.set(key, counted);
      else later.more += more;
    }
    await this.#flushStrangers(all, now);
  }

  async #flushStrangers(all: boolean, now: number): Promise<void> {
    const { count, since, addresses } = this.#strangers;
    if (count === 0 || (!all && now - since < WINDOW_MS)) return;
    this.#strangers = { since: now, count: 0, addresses: new Map() };
    const [most] = [...addresses].sort((a, b) => b[1] - a[1]);
    const written = await this.#write(
      this.#deployment,
      {
        actor: ANONYMOUS,
        action: "caller.refused",
        outcome: "denied",
        tenant: null,
        request: { ip: most?.[0] ?? null, userAgent: null, correlationId: randomUUID() },
      },
      {
        target: null,
        details: {
          count,
          addresses: addresses.size,
          mostFromOne: most?.[1] ?? 0,
          seconds: Math.max(1, Math.round((now - since) / 1000)),
        },
      },
    );
    if (written) return;
    const strangers = this.#strangers;
    strangers.count += count;
    strangers.since = since;
    for (const [address, times] of addresses)
      if (strangers.addresses.size < MOST_ADDRESSES)
        strangers.addresses.set(address, (strangers.addresses.get(address) ?? 0) + times);
  }

  async #write(
    chain: string,
    about: Pick<KnownRefusal, "actor" | "action" | "outcome" | "tenant" | "request">,
    told: { target: Target | null; details: AuditEvent["details"] },
  ): Promise<boolean> {
    const { actor, action, outcome, tenant, request } = about;
    try {
      const event = encode(this.#clock(), actor, request, tenant, action, { outcome, ...told });
      await this.#append(chain, event);
      return true;
    } catch (error) {
      this.#log.error(
        { code: "audit_unavailable", correlationId: request.correlationId, cause: describeCause(error) },
        "a refusal could not be recorded",
      );
      return false;
    }
  }
}
