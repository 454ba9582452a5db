import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useIdentity, useMay } from "../data/identity.ts";
import { client, trpc } from "../data/trpc.ts";
import { type Due, useDue } from "../rotation/use-due.ts";

const DAY = 86_400_000;
const AHEAD_DAYS = 14;
const NOTICES = 8;
const WANTS_A_PERSON: ReadonlySet<Due["state"]> = new Set([
  "failed",
  "expired",
  "overdue",
  "due",
  "expiring",
]);

/** Everything that waits for somebody, as far as one may see it. */
export function useWaiting(tenant: string) {
  const may = useMay();
  const { id } = useIdentity();
  const [now] = useState(Date.now);
  const fresh = { staleTime: 0 } as const;
  const approvals = useQuery({
    ...trpc.approvals.list.queryOptions({ tenant, state: "requested", limit: 50 }),
    ...fresh,
    enabled: may("approval.decide"),
  });
  const due = useDue(tenant, AHEAD_DAYS, may("rotation.due"));
  const tokens = useQuery({
    ...trpc.tokens.list.queryOptions({ tenant, limit: 200 }),
    ...fresh,
    enabled: may("token.list"),
  });
  const webhooks = useQuery({
    ...trpc.webhooks.list.queryOptions({ tenant }),
    ...fresh,
    enabled: may("webhook.list"),
  });
  const notices = useQuery({
    queryKey: ["inbox notices", tenant],
    ...fresh,
    enabled: may("audit.list"),
    queryFn: async ({ signal }) => {
      const since = new Date(Date.now() - 7 * DAY).toISOString();
      const [denied, broken] = await Promise.all([
        client.audit.list.query({ tenant, since, outcome: "denied", limit: NOTICES }, { signal }),
        client.audit.list.query({ tenant, since, action: "secret.glass_broken", limit: NOTICES }, { signal }),
      ]);
      return [...denied.events, ...broken.events].sort((a, b) => b.seq - a.seq).slice(0, NOTICES);
    },
  });
  const all = [approvals, due, tokens, webhooks, notices];
  return {
    error: all.find(({ error }) => error !== null)?.error ?? null,
    loading: all.some(({ isLoading }) => isLoading),
    retry: () => {
      for (const query of all) if (query.error !== null) void query.refetch();
    },
    approvals: (approvals.data?.approvals ?? []).filter(({ requestedBy }) => requestedBy.id !== id),
    rotations: (due.data?.pages ?? [])
      .flatMap((page) => page.due)
      .filter(({ state }) => WANTS_A_PERSON.has(state)),
    tokens: (tokens.data?.tokens ?? []).filter(
      ({ revokedAt, expiresAt }) =>
        revokedAt === null &&
        expiresAt !== null &&
        Date.parse(expiresAt) > now &&
        Date.parse(expiresAt) < now + AHEAD_DAYS * DAY,
    ),
    webhooks: (webhooks.data?.endpoints ?? []).filter(
      ({ state, failures }) => state !== "enabled" || failures > 0,
    ),
    notices: notices.data ?? [],
  };
}
