import type { KeyfoldRouter } from "@keyfold/secrets";
import { QueryClient } from "@tanstack/react-query";
import { createTRPCClient, httpBatchLink } from "@trpc/client";
import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import { createTRPCOptionsProxy } from "@trpc/tanstack-react-query";
import superjson from "superjson";
import { isTransient, toFailure } from "./failure.ts";
import { PANEL_HEADER, sessionEnded } from "./session.ts";
import { stepUpLink } from "./step-up.ts";

export type Outputs = inferRouterOutputs<KeyfoldRouter>;
export type Inputs = inferRouterInputs<KeyfoldRouter>;
export type Secret = Outputs["secrets"]["get"];
export type Version = Outputs["versions"]["list"]["versions"][number];
export type Identity = Outputs["identity"]["get"];

/**
 * The server wraps the Keyfold router in superjson; the router's own type knows of no transformer, so the link's is
 * cast here, once. What the verbs return is plain JSON, so the types stay true.
 */
const wrapped = { transformer: superjson } as object;

/** For calls whose answer or input holds a value: it is used directly, so that no cache ever sees one. */
export const client = createTRPCClient<KeyfoldRouter>({
  links: [
    stepUpLink,
    httpBatchLink({
      url: "/trpc",
      ...wrapped,
      maxItems: 10,
      headers: PANEL_HEADER,
      async fetch(url, options) {
        const response = await fetch(url, {
          ...(options as RequestInit),
          cache: "no-store",
          credentials: "same-origin",
        });
        if (response.status === 401) sessionEnded();
        return response;
      },
    }),
  ],
});

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (count, error) => count < 2 && isTransient(toFailure(error)),
      // Every list is an event in the tenant's audit log: it is read when a person asks, not when a window is raised.
      refetchOnWindowFocus: false,
    },
  },
});

/** Query options by procedure, for what holds no values. */
export const trpc = createTRPCOptionsProxy<KeyfoldRouter>({ client, queryClient: queries });
