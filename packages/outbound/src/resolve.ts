import dns from "node:dns";

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Finds a name's addresses, all of them. Rejects where there are none. */
export type Resolve = (host: string) => Promise<readonly Address[]>;

export interface Resolvers {
  /** For names that somebody configured. */
  readonly public: Resolve;
  /** For names that the operator allowed by name: as the machine resolves them, its hosts file too. */
  readonly named: Resolve;
}

/**
 * Names that tenants configure are asked of DNS by c-ares and never by getaddrinfo: that runs on the four threads that
 * hashing and files share, and a name server that does not answer would hold them all.
 * @param timeoutMs for one attempt; there are two
 */
export function systemResolvers(timeoutMs = 2_000): Resolvers {
  const resolver = new dns.promises.Resolver({ timeout: timeoutMs, tries: 2 });
  return {
    async public(host) {
      const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
      const found: Address[] = [];
      if (v4.status === "fulfilled") for (const address of v4.value) found.push({ address, family: 4 });
      if (v6.status === "fulfilled") for (const address of v6.value) found.push({ address, family: 6 });
      if (found.length === 0) throw v4.status === "rejected" ? v4.reason : new Error("no address");
      return found;
    },
    async named(host) {
      const found = await dns.promises.lookup(host, { all: true });
      return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
    },
  };
}
