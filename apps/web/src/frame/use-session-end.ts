import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useCallback, useEffect, useRef } from "react";
import { onSessionEnded } from "../data/session.ts";

/** How to lead to the sign-in page, which says that the session has ended and leads back here; nothing that was read is left. */
export function useSessionEnd(): () => Promise<void> {
  const router = useRouter();
  const queries = useQueryClient();
  // What is still on the screen asks once more, and is refused once more.
  const ended = useRef(false);
  const end = useCallback(async () => {
    if (ended.current) return;
    ended.current = true;
    const next = router.state.location.href;
    queries.clear();
    // Whatever is staged there: nobody would be there to answer.
    await router.navigate({ to: "/sign-in", search: { next, ended: true }, ignoreBlocker: true });
  }, [router, queries]);
  // While this is not there nobody is signed in, and a route leads to the sign-in page by itself.
  useEffect(() => {
    onSessionEnded(() => void end());
    return () => onSessionEnded(() => {});
  }, [end]);
  return end;
}
