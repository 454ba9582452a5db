import { createHmac, createSecretKey, randomBytes } from "node:crypto";
import type { SharedGuesses } from "./shared-guesses.ts";

export interface GuessLimitOptions {
  /** Failed credentials that one address may send in a window. 30 by default. */
  most?: number;
  /** The window, in milliseconds. One minute by default. */
  windowMs?: number;
  /** What other processes know: a failure here is told there, and what it answers counts here. */
  shared?: SharedGuesses | null;
  /** Milliseconds that only grow. */
  clock?: () => number;
}

/** Addresses and credentials remembered at most; the oldest is forgotten. */
const MOST_KEPT = 10_000;
const NOTED_MS = 1_000;

/**
 * Slows down who guesses tokens. A credential that was good a moment ago passes on: someone's broken client does not
 * lock out its neighbours behind one address.
 */
export class GuessLimit {
  readonly #most: number;
  readonly #windowMs: number;
  readonly #clock: () => number;
  readonly #shared: SharedGuesses | null;
  readonly #failures = new Map<string, { count: number; until: number }>();
  readonly #good = new Set<string>();
  readonly #noted = new Map<string, number>();
  /** Of this process only: what is remembered of a credential tells nothing to who reads the memory later. */
  readonly #key = createSecretKey(randomBytes(32));

  constructor(options: GuessLimitOptions = {}) {
    this.#most = options.most ?? 30;
    this.#windowMs = options.windowMs ?? 60_000;
    this.#shared = options.shared ?? null;
    this.#clock = options.clock ?? (() => performance.now());
  }

  /** How many seconds this address has to wait before this credential is looked at; 0: none. */
  waitOf(ip: string | null, credential: string): number {
    const failures = this.#failures.get(ip ?? "");
    if (failures === undefined || failures.count < this.#most) return 0;
    const left = failures.until - this.#clock();
    if (left <= 0 || this.#good.has(this.#digest(credential))) return 0;
    return Math.ceil(left / 1000);
  }

  failed(ip: string | null, credential: string): void {
    this.#good.delete(this.#digest(credential));
    const now = this.#clock();
    const known = this.#failures.get(ip ?? "");
    if (known !== undefined && known.until > now) known.count++;
    else {
      this.#failures.delete(ip ?? "");
      this.#failures.set(ip ?? "", { count: 1, until: now + this.#windowMs });
      forgetOldest(this.#failures);
    }
    // Nobody waits for it, and without a database this process counts by itself.
    if (ip !== null)
      void this.#shared?.failed(ip).then(
        (waitMs) => this.#block(ip, waitMs),
        () => {},
      );
  }

  #block(ip: string, waitMs: number): void {
    const until = this.#clock() + waitMs;
    const known = this.#failures.get(ip);
    if (waitMs <= 0 || (known !== undefined && known.count >= this.#most && known.until >= until)) return;
    this.#failures.delete(ip);
    this.#failures.set(ip, { count: this.#most, until });
    forgetOldest(this.#failures);
  }

  /** `succeeded` for what is called thousands of times a second: noted once a second. @param id whose credential it is */
  stillGood(id: string, credential: string): void {
    const now = this.#clock();
    const noted = this.#noted.get(id);
    if (noted !== undefined && now - noted < NOTED_MS) return;
    this.#noted.delete(id);
    this.#noted.set(id, now);
    forgetOldest(this.#noted);
    this.succeeded(credential);
  }

  succeeded(credential: string): void {
    const digest = this.#digest(credential);
    this.#good.delete(digest);
    this.#good.add(digest);
    forgetOldest(this.#good);
  }

  #digest(credential: string): string {
    return createHmac("sha256", this.#key).update(credential).digest("base64");
  }
}

function forgetOldest(kept: Map<string, unknown> | Set<string>): void {
  if (kept.size <= MOST_KEPT) return;
  const oldest = kept.keys().next().value;
  if (oldest !== undefined) kept.delete(oldest);
}
