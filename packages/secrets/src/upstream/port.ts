/** What a read asks an upstream for. */
export interface AskedUpstream {
  readonly tenant: { readonly id: string; readonly slug: string };
  readonly project: { readonly id: string; readonly name: string };
  readonly environment: { readonly id: string; readonly name: string };
  readonly name: string;
}

/**
 * Where secrets are that are not here yet: an older secrets manager, while a product moves from it. Named by whoever runs
 * this process, who holds the root key: a tenant cannot name one, and so nobody sends reads, or values, anywhere.
 */
export interface Upstream {
  /** Stands in audit events and metrics: 1 to 64 lower-case letters, digits, - or _. */
  readonly name: string;
  /** Whether it is the upstream of this place. The first one that says so is asked. */
  serves(place: Omit<AskedUpstream, "name">): boolean;
  /**
   * A secret's value; null: it has none of this name.
   * @param signal aborted when the time is over
   * @throws whatever it likes: what it says is not passed on
   */
  read(asked: AskedUpstream, signal: AbortSignal): Promise<Uint8Array | null>;
  /** How long a read waits for it, in milliseconds; 2000 by default. */
  readonly timeoutMs?: number;
  /** Whether what it answered is stored here, as a secret's version 1, if there is none of that name by then. */
  readonly keeps?: boolean;
  /** Whether what is read here is compared with it, in the background. */
  readonly compares?: boolean;
}

/** The part of an upstream that knows the older secrets manager: what a module of the operator's implements. */
export interface SecretSource {
  /**
   * A secret's value, text as UTF-8; null: it has none of this name.
   * @param signal aborted when the time is over
   * @throws whatever it likes: what it says is not passed on
   */
  read(asked: AskedUpstream, signal: AbortSignal): Promise<Uint8Array | string | null>;
}

/** What came of comparing values with an upstream, counted since this process began. */
export interface UpstreamFacts {
  readonly name: string;
  /** Reads that it answered, that it had nothing for, and that it failed to answer in time. */
  readonly reads: { readonly answered: number; readonly absent: number; readonly failed: number };
  /** Comparisons in the background; `skipped` for want of room or time. */
  readonly compared: {
    readonly same: number;
    readonly different: number;
    readonly absent: number;
    readonly skipped: number;
  };
}

export const UPSTREAM_NAME = /^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$/;
