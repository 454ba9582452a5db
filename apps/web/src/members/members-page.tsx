import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { useMay } from "../data/identity.ts";
import { inPages } from "../data/pages.ts";
import { placesOptions } from "../data/places.ts";
import { client, queries, trpc } from "../data/trpc.ts";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Listed } from "../ui/listed.tsx";
import { CARD, PageHeader } from "../ui/page-header.tsx";
import { State } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { tell } from "../ui/toast.tsx";
import { ChangeMember } from "./change-member.tsx";
import type { Member } from "./grant-words.ts";
import { InvitationsSection } from "./invitations-section.tsx";
import { Invite } from "./invite.tsx";
import { MemberRow } from "./member-row.tsx";
import { mm } from "./messages.ts";
import { RolesSection } from "./roles-section.tsx";

type Doing = { what: "invite" } | { what: "change" | "remove"; member: Member };

/** Who belongs to a tenant, who was asked to, and the roles that there are. */
export function MembersPage() {
  const { tenant } = useParams({ from: "/app/t/$tenant/members" });
  useTitle(mm.title, tenant);
  const may = useMay();
  const [doing, setDoing] = useState<Doing | null>(null);
  const close = () => setDoing(null);
  const query = useInfiniteQuery(
    inPages(trpc.members.list.infiniteQueryKey({ tenant }), (page, options) =>
      client.members.list.query({ tenant, limit: 100, ...page }, options),
    ),
  );
  const roles = useQuery({
    ...trpc.roles.list.queryOptions({ tenant, limit: 100 }),
    enabled: may("role.list"),
  });
  const places = useQuery(placesOptions(tenant)).data ?? [];
  const members = query.data?.pages.flatMap((page) => page.members) ?? [];
  const invite = may("member.add") ? (
    <Button look="primary" onPress={() => setDoing({ what: "invite" })}>
      <UserPlus size={15} aria-hidden />
      {mm.invite}
    </Button>
  ) : null;
  return (
    <>
      <PageHeader title={mm.title} lead={mm.lead}>
        {members.length === 0 ? null : invite}
      </PageHeader>
      <div className="space-y-10">
        <section className={CARD} aria-label={mm.label}>
          <Listed
            query={query}
            label={mm.label}
            waiting={3}
            empty={
              <State
                icon={<UserPlus size={20} aria-hidden />}
                title={mm.none}
                text={invite === null ? mm.noneNoRight : mm.noneText}
              >
                {invite}
              </State>
            }
          >
            {members.map((member) => (
              <MemberRow
                key={member.personId}
                tenant={tenant}
                member={member}
                roles={roles.data}
                places={places}
                onChange={may("member.change") ? () => setDoing({ what: "change", member }) : null}
                onRemove={may("member.remove") ? () => setDoing({ what: "remove", member }) : null}
              />
            ))}
          </Listed>
        </section>
        {query.data === undefined ? null : (
          <>
            <InvitationsSection tenant={tenant} roles={roles.data} places={places} />
            {may("role.list") ? <RolesSection tenant={tenant} query={roles} /> : null}
          </>
        )}
      </div>
      {doing === null ? null : doing.what === "invite" ? (
        <Invite tenant={tenant} roles={roles.data} first={members.length === 0} onClose={close} />
      ) : doing.what === "change" ? (
        <ChangeMember tenant={tenant} member={doing.member} roles={roles.data} onClose={close} />
      ) : (
        <Confirm
          title={mm.removeTitle(doing.member.name)}
          text={mm.removeText}
          word={mm.remove}
          onClose={close}
          work={async () => {
            const { personId, name } = doing.member;
            await client.members.remove.mutate({ tenant, personId });
            tell(mm.removed(name));
            await queries.invalidateQueries(trpc.members.pathFilter());
          }}
        />
      )}
    </>
  );
}
