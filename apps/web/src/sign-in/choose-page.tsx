import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Navigate, useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { Building2, ChevronRight, Vault } from "lucide-react";
import type { ReactNode } from "react";
import { toFailure } from "../data/failure.ts";
import { callPeople, type Me } from "../data/people.ts";
import { signOut } from "../data/session.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { FailureNote, FailureState, SkeletonRows } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { useAction } from "../ui/use-action.ts";
import { s } from "./messages.ts";
import { safePath } from "./safe-path.ts";
import { SignInShell } from "./shell.tsx";

interface Tenant {
  id: string;
  slug: string;
  name: string;
}

/** Where somebody who is signed in goes to work: one of their tenants, or the deployment itself. */
export function ChoosePage() {
  useTitle(s.choose.title);
  const router = useRouter();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { next } = useSearch({ from: "/choose" });
  const { failed, run } = useAction();
  const mine = useQuery({
    queryKey: ["people", "choose"],
    queryFn: async () => ({
      me: await callPeople<Me>("GET", "/people/me"),
      ...(await callPeople<{ tenants: Tenant[] }>("GET", "/people/me/tenants")),
    }),
  });

  const choose = (tenant: string | null) =>
    run(async () => {
      await callPeople("POST", "/session/tenant", { tenant });
      // Nothing of the tenant before is left.
      queries.clear();
      router.history.replace(safePath(next));
    });

  // A token belongs to nobody who could choose; and who is not signed in at all is led to the sign-in page from there.
  if (mine.error && toFailure(mine.error).code === "unauthenticated") return <Navigate to="/" replace />;
  if (mine.error)
    return (
      <SignInShell heading={s.choose.title}>
        <FailureState error={mine.error} onRetry={() => void mine.refetch()} />
      </SignInShell>
    );
  const { me, tenants = [] } = mine.data ?? {};
  const nowhere = me !== undefined && tenants.length === 0 && !me.operator;
  return (
    <SignInShell
      heading={nowhere ? s.choose.none : s.choose.heading}
      lead={nowhere ? s.choose.noneText(me.email) : me && `${me.name} · ${me.email}`}
    >
      <div className="mt-6 overflow-hidden rounded-2xl border border-line bg-surface shadow-lift empty:hidden">
        {me === undefined ? (
          <SkeletonRows rows={2} />
        ) : tenants.length === 0 && !me.operator ? null : (
          <ul aria-label={s.choose.listLabel} className="divide-y divide-line">
            {tenants.map(({ id, slug, name }) => (
              <Choice
                key={id}
                icon={<Building2 size={16} aria-hidden />}
                name={name}
                text={slug}
                onPress={() => void choose(id)}
              />
            ))}
            {me.operator ? (
              <Choice
                icon={<Vault size={16} aria-hidden />}
                name={s.choose.deployment}
                text={s.choose.deploymentText}
                onPress={() => void choose(null)}
              />
            ) : null}
          </ul>
        )}
      </div>
      <FailureNote error={failed} />
      <div className="mt-4">
        <Button look="quiet" wide onPress={() => void signOut().then(() => navigate({ to: "/sign-in" }))}>
          {m.frame.signOut}
        </Button>
      </div>
    </SignInShell>
  );
}

function Choice({
  icon,
  name,
  text,
  onPress,
}: {
  icon: ReactNode;
  name: string;
  text: string;
  onPress: () => void;
}) {
  return (
    <li>
      <button
        type="button"
        onClick={onPress}
        className="flex w-full items-center gap-3 px-4 py-3 text-left transition-colors hover:bg-hover"
      >
        <span className="text-muted">{icon}</span>
        <span className="min-w-0 flex-1">
          <span className="block truncate font-medium">{name}</span>
          <span className="block truncate text-sm text-muted">{text}</span>
        </span>
        <ChevronRight size={16} aria-hidden className="text-muted" />
      </button>
    </li>
  );
}
