/**
 * Whether rotators may connect to an address. Settings of tenants name hosts, so that somebody must say which networks
 * they may reach from here. `address` is the IP that will be connected to, `host` what was named.
 */
export type MayReach = (to: { host: string; address: string; port: number }) => boolean;
