import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { ASKS_NOBODY } from "./asking.ts";
import { toFailure } from "./failure.ts";
import { client, type Identity, queries, trpc } from "./trpc.ts";

// Who one is does not change while signed in; what one may is judged by the server at each call anyway.
const options = () =>
  queryOptions({ ...trpc.identity.get.queryOptions(), staleTime: Number.POSITIVE_INFINITY });

/** Asks once per session. @throws the call's error */
export function loadIdentity(): Promise<Identity> {
  return queries.ensureQueryData(options());
}

/**
 * Asks anew who is signed in, and keeps it where it is who was meant. Answers whether it is.
 * @throws the call's error, unless it says that nobody is
 */
export async function renewIdentity(isMeant: (identity: Identity) => boolean): Promise<boolean> {
  try {
    const identity = await client.identity.get.query(undefined, { context: ASKS_NOBODY });
    if (!isMeant(identity)) return false;
    queries.setQueryData(options().queryKey, identity);
    return true;
  } catch (error) {
    if (toFailure(error).code === "unauthenticated") return false;
    throw error;
  }
}

export function useIdentity(): Identity {
  return useSuspenseQuery(options()).data;
}

/** Whether the actor holds an action: only so that the panel offers what can work; the server decides. */
export function useMay(): (action: string) => boolean {
  const identity = useIdentity();
  return (action) => identity.actions.includes(action);
}
