import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { CircleCheck, Radar } from "lucide-react";
import { type FormEvent, useState } from "react";
import { inPages } from "../data/pages.ts";
import { client, trpc } from "../data/trpc.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Listed } from "../ui/listed.tsx";
import { CARD, PageHeader } from "../ui/page-header.tsx";
import { State } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { f } from "./messages.ts";

const namesIn = (text: string): string[] => [...new Set(text.split(/[\s,]+/).filter((name) => name !== ""))];

/** All tenants as a fleet: who lacks a key that the product needs. What is looked for stands in the address. */
export function FleetPage() {
  useTitle(f.title);
  const search = useSearch({ from: "/app/fleet" });
  const navigate = useNavigate();
  const [needs, setNeeds] = useState(search.needs ?? "");
  const [environment, setEnvironment] = useState(search.environment ?? "prod");
  const names = namesIn(search.needs ?? "");
  const at = search.environment ?? "prod";
  const input = { names, environment: at };
  const query = useInfiniteQuery({
    ...inPages(trpc.tenants.fleet.infiniteQueryKey(input), (page, options) =>
      client.tenants.fleet.query({ ...input, limit: 100, ...page }, options),
    ),
    enabled: names.length > 0,
  });
  const tenants = query.data?.pages.flatMap((page) => page.tenants) ?? [];

  function look(event: FormEvent) {
    event.preventDefault();
    if (namesIn(needs).length === 0) return;
    void navigate({ to: "/fleet", search: { needs: namesIn(needs).join(" "), environment } });
  }

  return (
    <>
      <PageHeader title={f.title} lead={f.lead} />
      <form onSubmit={look} className="mb-6 grid items-start gap-4 sm:grid-cols-[1fr_12rem_auto]">
        <Field label={f.needs} hint={f.needsHint} mono value={needs} onChange={setNeeds} />
        <Field label={f.environment} mono value={environment} onChange={setEnvironment} />
        <div className="sm:pt-7">
          <Button type="submit" look="primary" size="md" isPending={query.isFetching}>
            {f.look}
          </Button>
        </div>
      </form>
      <section className={CARD}>
        {names.length === 0 ? (
          <State icon={<Radar size={20} aria-hidden />} title={f.empty} text={f.emptyText} />
        ) : (
          <Listed
            query={query}
            label={f.listLabel}
            empty={
              <State icon={<CircleCheck size={20} aria-hidden />} title={f.none} text={f.noneText(at)} />
            }
            head={
              <p role="status" className="border-b border-line bg-sunken px-4 py-2.5 text-sm font-medium">
                {f.count(tenants.length, query.hasNextPage)}
              </p>
            }
          >
            {tenants.map(({ id, slug, name, lacks }) => (
              <li key={id}>
                <Link
                  to="/t/$tenant/overview"
                  params={{ tenant: slug }}
                  className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3 -outline-offset-2 hover:bg-hover"
                >
                  <span className="min-w-0 flex-1 basis-40">
                    <span className="block truncate font-medium">{name}</span>
                    {name === slug ? null : <span className="block text-xs text-muted">{slug}</span>}
                  </span>
                  <span className="flex flex-wrap items-center gap-1.5 text-sm text-muted">
                    {f.lacks}
                    {lacks.map((one) => (
                      <Badge key={one} tone="warn">
                        {one}
                      </Badge>
                    ))}
                  </span>
                </Link>
              </li>
            ))}
          </Listed>
        )}
      </section>
    </>
  );
}
