import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { ArrowLeft, Trash2 } from "lucide-react";
import { inPages } from "../data/pages.ts";
import { client, trpc } from "../data/trpc.ts";
import { Listed } from "../ui/listed.tsx";
import { CARD, PageHeader } from "../ui/page-header.tsx";
import { State } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { DeletedRow } from "./deleted-row.tsx";
import { d } from "./messages.ts";

/** What was deleted in an environment, brought back or ended from here. */
export function DeletedPage() {
  const place = useParams({ from: "/app/t/$tenant/$project/$environment/deleted" });
  const where = `${place.project} / ${place.environment}`;
  useTitle(d.title, where, place.tenant);
  const input = { ...place, state: "deleted" as const };
  const query = useInfiniteQuery({
    ...inPages(trpc.secrets.list.infiniteQueryKey(input), (page, options) =>
      client.secrets.list.query({ ...input, limit: 100, ...page }, options),
    ),
    staleTime: 0,
  });
  const secrets = query.data?.pages.flatMap((page) => page.secrets) ?? [];
  return (
    <>
      <Link
        to="/t/$tenant/$project/$environment"
        params={place}
        className="mb-3 inline-flex items-center gap-1.5 rounded text-sm text-muted hover:text-ink"
      >
        <ArrowLeft size={14} aria-hidden />
        {d.back}
      </Link>
      <PageHeader title={d.title} lead={d.lead(where)} />
      <section className={CARD}>
        <Listed
          query={query}
          label={d.list}
          waiting={3}
          empty={<State icon={<Trash2 size={20} aria-hidden />} title={d.none} text={d.noneText} />}
        >
          {secrets.map((secret) => (
            <DeletedRow key={secret.id} tenant={place.tenant} secret={secret} />
          ))}
        </Listed>
      </section>
    </>
  );
}
