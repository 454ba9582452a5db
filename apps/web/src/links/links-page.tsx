import { useInfiniteQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Inbox, LinkIcon, Share2 } from "lucide-react";
import { useState } from "react";
import { useMay } from "../data/identity.ts";
import { inPages } from "../data/pages.ts";
import { EVERYWHERE, type Place, usePlaceChoices, whereOf } from "../data/places.ts";
import { client, type Outputs, queries, trpc } from "../data/trpc.ts";
import { Badge, type Tone } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Listed } from "../ui/listed.tsx";
import { Moment } from "../ui/moment.tsx";
import { CARD, PageHeader } from "../ui/page-header.tsx";
import { State } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { tell } from "../ui/toast.tsx";
import { k } from "./messages.ts";
import { RequestLink } from "./request-link.tsx";
import { ShareLink } from "./share-link.tsx";

type Link = Outputs["links"]["list"]["links"][number];

const TONES: Record<Link["state"], Tone> = {
  open: "accent",
  used: "good",
  revoked: "danger",
  expired: "plain",
};

/** Links by which values are handed in and shared. */
export function LinksPage() {
  const { tenant } = useParams({ from: "/app/t/$tenant/links" });
  useTitle(k.title, tenant);
  const may = useMay();
  const [making, setMaking] = useState<"request" | "share" | null>(null);
  const [revoking, setRevoking] = useState<Link | null>(null);
  const { options, places } = usePlaceChoices(tenant, k.everywhere, k.allOf);
  const [where, setWhere] = useState(EVERYWHERE);
  const input = { tenant, ...inputOf(where) };
  const query = useInfiniteQuery(
    inPages(trpc.links.list.infiniteQueryKey(input), (page, signal) =>
      client.links.list.query({ ...input, limit: 100, ...page }, signal),
    ),
  );
  const links = query.data?.pages.flatMap((page) => page.links) ?? [];
  return (
    <>
      <PageHeader title={k.title} lead={k.lead}>
        <span className="flex flex-wrap gap-2">
          {may("link.share") ? (
            <Button onPress={() => setMaking("share")}>
              <Share2 size={15} aria-hidden />
              {k.share}
            </Button>
          ) : null}
          {may("link.request") ? (
            <Button look="primary" onPress={() => setMaking("request")}>
              <Inbox size={15} aria-hidden />
              {k.ask}
            </Button>
          ) : null}
        </span>
      </PageHeader>
      {places.length > 1 || where !== EVERYWHERE ? (
        <div className="mb-4 sm:w-64">
          <Choice compact label={k.where} options={options} value={where} onChange={setWhere} />
        </div>
      ) : null}
      <section className={CARD} aria-busy={query.isFetching}>
        <Listed
          query={query}
          label={k.listLabel}
          empty={
            <State
              icon={<LinkIcon size={20} aria-hidden />}
              title={where === EVERYWHERE ? k.none : k.noneThere}
              text={where === EVERYWHERE ? k.noneText : k.noneThereText}
            />
          }
        >
          {links.map((link) => (
            <LinkRow
              key={link.id}
              link={link}
              place={placeOf(places, link.environment)}
              onRevoke={may("link.revoke") && link.state === "open" ? () => setRevoking(link) : null}
            />
          ))}
        </Listed>
      </section>
      {making === "request" ? <RequestLink tenant={tenant} onClose={() => setMaking(null)} /> : null}
      {making === "share" ? (
        <ShareLink tenant={tenant} secret={null} onClose={() => setMaking(null)} />
      ) : null}
      {revoking === null ? null : (
        <Confirm
          title={k.revokeTitle(revoking.label)}
          text={k.revokeText}
          word={k.revoke}
          onClose={() => setRevoking(null)}
          work={async () => {
            await client.links.revoke.mutate({ tenant, id: revoking.id });
            tell(k.revokeDone);
            await queries.invalidateQueries(trpc.links.pathFilter());
          }}
        />
      )}
    </>
  );
}

/** A project's or an environment's id, as the list takes it. */
function inputOf(where: string): { project?: string; environment?: string } {
  const { projects, environments } = whereOf(where);
  if (environments !== null) return { environment: environments[0]! };
  return projects === null ? {} : { project: projects[0]! };
}

/** What an environment is called, with its project; null for one that is not seen, or for none. */
function placeOf(places: readonly Place[], id: string | null): string | null {
  for (const project of places)
    for (const environment of project.environments)
      if (environment.id === id) return `${project.name} / ${environment.name}`;
  return null;
}

interface RowProps {
  link: Link;
  place: string | null;
  onRevoke: (() => void) | null;
}

function LinkRow({ link, place, onRevoke }: RowProps) {
  const ended = link.usedAt ?? link.revokedAt;
  return (
    <li className="flex min-h-16 flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3">
      <div className="min-w-48 flex-1">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="text-sm text-muted">{k.kinds[link.kind]}</span>
          <span className={`font-medium ${link.state === "open" ? "" : "text-muted"}`}>{link.label}</span>
          <Badge tone={TONES[link.state]}>{k.states[link.state]}</Badge>
          {link.writeOnly ? <Badge>{k.writeOnly}</Badge> : null}
        </p>
        <p className="mt-0.5 text-sm text-muted">
          {whatOf(link)}
          {place === null ? null : <> · {place}</>} · {k.by(link.createdBy.name)}
          {link.origins.length === 0 ? null : <> · {k.framed(link.origins.join(", "))}</>}
        </p>
      </div>
      <p className="text-sm text-muted sm:w-36 sm:text-right">
        {link.usedAt !== null ? k.usedAt : ended !== null || link.state === "expired" ? k.ended : k.ends}{" "}
        <Moment at={ended ?? link.expiresAt} />
      </p>
      <div className="ml-auto w-20 text-right">
        {onRevoke === null ? null : (
          <Button size="sm" look="danger-quiet" aria-label={k.revokeFor(link.label)} onPress={onRevoke}>
            {k.revoke}
          </Button>
        )}
      </div>
    </li>
  );
}

function whatOf({ kind, name, version }: Link): string {
  if (kind === "share") return name === null || version === null ? k.noSecret : k.ofSecret(name, version);
  return version === null ? k.becomes(name ?? "") : k.became(name ?? "", version);
}
