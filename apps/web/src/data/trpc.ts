import type { KeyfoldRouter } from "@keyfold/secrets";
import { createTRPCClient, httpBatchLink } from "@trpc/client";
import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import { createTRPCOptionsProxy } from "@trpc/tanstack-react-query";
import { askingLink } from "./asking.ts";
import { queries } from "./queries.ts";
import { PANEL_HEADER } from "./session.ts";

export { queries } from "./queries.ts";

export type Outputs = inferRouterOutputs<KeyfoldRouter>;
export type Inputs = inferRouterInputs<KeyfoldRouter>;
export type Secret = Outputs["secrets"]["get"];
export type Version = Outputs["versions"]["list"]["versions"][number];
export type Identity = Outputs["identity"]["get"];

/**
 * The server speaks superjson's wire format, of which plain JSON uses no more than the wrapper (apps/api/src/trpc.ts): so
 * superjson itself does not run here. The router's own type knows of no transformer, so the link's is cast, once.
 */
const wrapped = {
  transformer: {
    serialize: (json: unknown) => ({ json }),
    deserialize: ({ json }: { json: unknown }) => json,
  },
} as object;

/** For calls whose answer or input holds a value: it is used directly, so that no cache ever sees one. */
export const client = createTRPCClient<KeyfoldRouter>({
  links: [
    askingLink,
    httpBatchLink({
      url: "/trpc",
      ...wrapped,
      maxItems: 10,
      headers: PANEL_HEADER,
      fetch: (url, options) =>
        fetch(url, { ...(options as RequestInit), cache: "no-store", credentials: "same-origin" }),
    }),
  ],
});

/** Query options by procedure, for what holds no values. */
export const trpc = createTRPCOptionsProxy<KeyfoldRouter>({ client, queryClient: queries });
