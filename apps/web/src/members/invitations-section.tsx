import { useInfiniteQuery } from "@tanstack/react-query";
import { useMay } from "../data/identity.ts";
import { inPages } from "../data/pages.ts";
import type { Place } from "../data/places.ts";
import { client, queries, trpc } from "../data/trpc.ts";
import { Button } from "../ui/button.tsx";
import { Listed } from "../ui/listed.tsx";
import { Moment } from "../ui/moment.tsx";
import { Section } from "../ui/section.tsx";
import { tell, tellFailure } from "../ui/toast.tsx";
import { GrantList } from "./grant-list.tsx";
import type { Roles } from "./grant-words.ts";
import { mm } from "./messages.ts";

interface Props {
  tenant: string;
  roles: Roles | undefined;
  places: readonly Place[];
}

/** Who was asked into the tenant and has not answered. */
export function InvitationsSection({ tenant, roles, places }: Props) {
  const may = useMay();
  const query = useInfiniteQuery(
    inPages(trpc.invitations.list.infiniteQueryKey({ tenant }), (page, options) =>
      client.invitations.list.query({ tenant, limit: 100, ...page }, options),
    ),
  );
  const invitations = query.data?.pages.flatMap((page) => page.invitations) ?? [];
  const cancel = async (id: string, email: string) => {
    try {
      await client.invitations.cancel.mutate({ tenant, id });
      tell(mm.cancelled(email));
      await queries.invalidateQueries(trpc.invitations.pathFilter());
    } catch (error) {
      tellFailure(error);
    }
  };
  return (
    <Section title={mm.invitations} text={mm.invitationsText}>
      <Listed
        query={query}
        label={mm.invitations}
        waiting={1}
        empty={<p className="px-4 py-5 text-sm text-muted">{mm.noInvitations}</p>}
      >
        {invitations.map(({ id, email, grants, expiresAt, createdBy }) => (
          <li key={id} className="flex flex-wrap items-start gap-x-4 gap-y-2 px-4 py-3">
            <div className="grid min-w-0 flex-1 gap-x-6 gap-y-2 sm:grid-cols-[14rem_minmax(0,1fr)]">
              <div className="min-w-0">
                <p className="font-medium break-all">{email}</p>
                <p className="text-sm text-muted">
                  {mm.ends} <Moment at={expiresAt} />
                  {createdBy.name === null ? null : `, ${mm.invitedBy(createdBy.name)}`}
                </p>
              </div>
              <GrantList grants={grants} roles={roles} places={places} />
            </div>
            {may("member.add") ? (
              <Button
                size="sm"
                look="danger-quiet"
                aria-label={mm.cancelFor(email)}
                onPress={() => void cancel(id, email)}
              >
                {mm.cancel}
              </Button>
            ) : null}
          </li>
        ))}
      </Listed>
    </Section>
  );
}
