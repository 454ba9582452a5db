import { queryOptions, useQuery } from "@tanstack/react-query";
import { callPeople, type Me } from "../data/people.ts";
import { PageHeader } from "../ui/page-header.tsx";
import { FailureState, SkeletonRows } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { FactorsSection } from "./factors-section.tsx";
import { a } from "./messages.ts";
import { PasswordSection } from "./password-section.tsx";
import { SessionsSection } from "./sessions-section.tsx";

export const meOptions = () =>
  queryOptions({ queryKey: ["people", "me"], queryFn: () => callPeople<Me>("GET", "/people/me") });

/** How one signs in, and where one is signed in. */
export function AccountPage() {
  useTitle(a.title);
  const me = useQuery(meOptions());
  return (
    <>
      <PageHeader
        title={a.title}
        lead={me.data === undefined ? a.lead : `${me.data.name} · ${me.data.email}`}
      />
      {me.error ? (
        <FailureState error={me.error} onRetry={() => void me.refetch()} />
      ) : me.data === undefined ? (
        <SkeletonRows />
      ) : (
        <div className="space-y-8">
          <PasswordSection me={me.data} />
          <FactorsSection me={me.data} />
          <SessionsSection />
        </div>
      )}
    </>
  );
}
