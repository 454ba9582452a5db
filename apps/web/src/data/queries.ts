import { QueryClient } from "@tanstack/react-query";
import { isTransient, toFailure } from "./failure.ts";

/** What was read, for the screens to share. It never holds a value. */
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
