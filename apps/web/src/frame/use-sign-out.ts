import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useCallback } from "react";
import { signOut } from "../data/session.ts";
import { tellFailure } from "../ui/toast.tsx";

/** How to sign out: the session ends on the server, and nothing that was read is left here. */
export function useSignOut(): () => void {
  const router = useRouter();
  const queries = useQueryClient();
  return useCallback(() => {
    signOut()
      .then(() => router.navigate({ to: "/sign-in" }))
      .then(() => queries.clear(), tellFailure);
  }, [router, queries]);
}
