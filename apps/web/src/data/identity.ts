import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { type Identity, queries, trpc } from "./trpc.ts";

// Who one is does not change while signed in; what one may is judged by the server at each call anyway.
const options = () =>
  queryOptions({ ...trpc.identity.get.queryOptions(), staleTime: Number.POSITIVE_INFINITY });

/** Asks once per session. @throws the call's error */
export function loadIdentity(): Promise<Identity> {
  return queries.ensureQueryData(options());
}

export function useIdentity(): Identity {
  return useSuspenseQuery(options()).data;
}

/** Whether the actor holds an action: only so that the panel offers what can work; the server decides. */
export function useMay(): (action: string) => boolean {
  const identity = useIdentity();
  return (action) => identity.actions.includes(action);
}
