import { type Served, serveHouse } from "@keyfold/api/testing";
import { createKeyfold, type Keyfold } from "@keyfold/client";
import { SecretValue } from "@keyfold/envelope/secret-value";
import type { Entry, Source } from "../entry.ts";

/** A Keyfold to import into. */
export interface Into {
  served: Served;
  /** A client for a tenant, which is made when it is asked for first. */
  client(tenant: string): Promise<Keyfold>;
  value(tenant: string, name: string, place?: { environment?: string; project?: string }): Promise<string>;
  versions(tenant: string, name: string): Promise<number>;
  close(): Promise<void>;
}

export async function openInto(): Promise<Into> {
  const served = await serveHouse();
  const clients = new Map<string, Promise<Keyfold>>();
  const make = async (tenant: string): Promise<Keyfold> => {
    const { token } = await served.house.tenant(tenant);
    return createKeyfold({ url: served.url, token: token!, cache: false });
  };
  const client = (tenant: string) => {
    const one = clients.get(tenant) ?? make(tenant);
    clients.set(tenant, one);
    return one;
  };
  return {
    served,
    client,
    value: async (tenant, name, place = {}) =>
      (await (await client(tenant)).trpc.secrets.reveal.query({ name, ...place })).value,
    versions: async (tenant, name) =>
      (await (await client(tenant)).trpc.secrets.get.query({ name })).version!,
    close: () => served.close(),
  };
}

/** A source of these entries; each reading gives copies, since a value that was taken is overwritten. */
export function entries(
  list: readonly (Partial<Omit<Entry, "value">> & { name: string; value: string | Buffer })[],
): Source {
  return {
    kind: "list",
    async *read() {
      for (const [i, { value, ...entry }] of list.entries())
        yield {
          from: `item ${i + 1}`,
          tenant: "acme",
          project: null,
          environment: null,
          ...entry,
          value: SecretValue.takeOverGiven(Buffer.from(value as string)),
        };
    },
  };
}
