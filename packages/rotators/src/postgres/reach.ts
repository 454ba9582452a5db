/**
 * Whether rotators may connect to an address. Settings of tenants name hosts, so that somebody must say which networks
 * they may reach from here. `address` is the IP that will be connected to, `host` what was named.
 */
export type MayReach = (to: { host: string; address: string; port: number }) => boolean;

/** Finds the address that a name leads to. Rejects where there is none. */
export type Lookup = (host: string) => Promise<string>;

/** Where rotators may go, and how they find the way. */
export interface Reach {
  mayReach: MayReach;
  /** The machine's own by default. It runs on the threads that hashing and files share: for names of strangers, give another. */
  lookup?: Lookup;
}
