import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Building2, ChevronRight, Plus } from "lucide-react";
import { useState } from "react";
import { useMay } from "../data/identity.ts";
import { inPages } from "../data/pages.ts";
import { client, trpc } from "../data/trpc.ts";
import { Button } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import { Listed } from "../ui/listed.tsx";
import { Moment } from "../ui/moment.tsx";
import { CARD, PageHeader } from "../ui/page-header.tsx";
import { State } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { CreateTenant } from "./create-tenant.tsx";
import { DeletedTenant } from "./deleted-tenant.tsx";
import { te } from "./messages.ts";

const SHOWN = [
  { id: "live", label: te.live },
  { id: "all", label: te.withDeleted },
] as const;

/** An operator's way in: every tenant, by slug. */
export function TenantsPage() {
  useTitle(te.title);
  const may = useMay();
  const [creating, setCreating] = useState(false);
  const [shown, setShown] = useState<(typeof SHOWN)[number]["id"]>("live");
  const input = { deleted: shown === "all" };
  const query = useInfiniteQuery(
    inPages(trpc.tenants.list.infiniteQueryKey(input), (page, options) =>
      client.tenants.list.query({ ...input, limit: 100, ...page }, options),
    ),
  );
  const tenants = query.data?.pages.flatMap((page) => page.tenants) ?? [];
  const create = may("tenant.create") ? (
    <Button look="primary" onPress={() => setCreating(true)}>
      <Plus size={15} aria-hidden />
      {te.create}
    </Button>
  ) : null;
  return (
    <>
      <PageHeader title={te.title} lead={te.lead}>
        <div className="flex w-full flex-wrap items-center gap-2 sm:w-auto">
          <div className="w-full sm:w-48">
            <Choice compact label={te.show} options={SHOWN} value={shown} onChange={setShown} />
          </div>
          {create}
        </div>
      </PageHeader>
      <section className={CARD}>
        <Listed
          query={query}
          label={te.tableLabel}
          empty={
            <State icon={<Building2 size={20} aria-hidden />} title={te.none} text={te.noneText}>
              {create}
            </State>
          }
        >
          {tenants.map(({ id, slug, name, createdAt, deletedAt }) =>
            deletedAt !== null ? (
              <DeletedTenant key={id} id={id} slug={slug} name={name} deletedAt={deletedAt} />
            ) : (
              <li key={id}>
                <Link
                  to="/t/$tenant"
                  params={{ tenant: slug }}
                  className="flex h-15 items-center gap-3.5 px-4 -outline-offset-2 hover:bg-hover"
                >
                  <span
                    aria-hidden
                    className="grid size-8 shrink-0 place-items-center rounded-lg bg-accent-soft text-sm font-semibold text-accent-text uppercase"
                  >
                    {slug.slice(0, 1)}
                  </span>
                  <span className="min-w-0 flex-1">
                    <span className="block truncate font-medium">{name}</span>
                    {name === slug ? null : <span className="block truncate text-xs text-muted">{slug}</span>}
                  </span>
                  <span className="hidden text-sm text-muted sm:block">
                    {te.created} <Moment at={createdAt} />
                  </span>
                  <ChevronRight size={16} aria-hidden className="text-faint" />
                </Link>
              </li>
            ),
          )}
        </Listed>
      </section>
      {creating ? <CreateTenant onClose={() => setCreating(false)} /> : null}
    </>
  );
}
