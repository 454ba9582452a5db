import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Outputs, trpc } from "../data/trpc.ts";

export type BlastRadius = Outputs["secrets"]["blastRadius"];
export type Consumer = BlastRadius["consumers"][number];

/** Milliseconds between two looks of a live view, and after which it looks by itself no more: each look is an event. */
const EVERY = 4_000;
const LIVE_FOR = 15 * 60_000;

/** Whom a change of this secret touches. @param live looks again by itself for a while, as long as somebody has to move */
export function useBlastRadius(tenant: string, id: string, live = false) {
  const [since] = useState(() => Date.now());
  return useQuery({
    ...trpc.secrets.blastRadius.queryOptions({ tenant, id, limit: 100 }),
    staleTime: live ? 0 : 15_000,
    refetchInterval: ({ state }) =>
      live && (state.data?.behind ?? 0) > 0 && Date.now() - since < LIVE_FOR ? EVERY : false,
  });
}

/** How many would fail if what they use were gone: those that are running. */
export const running = ({ current, behind }: Pick<BlastRadius, "current" | "behind">): number =>
  current + behind;
