import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { ChevronRight, Plus, Webhook } from "lucide-react";
import { useState } from "react";
import { useMay } from "../data/identity.ts";
import { type Outputs, trpc } from "../data/trpc.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Listed } from "../ui/listed.tsx";
import { Moment } from "../ui/moment.tsx";
import { CARD, PageHeader } from "../ui/page-header.tsx";
import { FailureState, SkeletonRows, State } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { EndpointForm } from "./endpoint-form.tsx";
import { EndpointView, ToEndpoints } from "./endpoint-view.tsx";
import { w } from "./messages.ts";

export type Endpoint = Outputs["webhooks"]["list"]["endpoints"][number];

/** Where changes are told to; one endpoint, with its deliveries, where the address names it. */
export function WebhooksPage() {
  const { tenant } = useParams({ from: "/app/t/$tenant/webhooks" });
  const { endpoint: wanted } = useSearch({ from: "/app/t/$tenant/webhooks" });
  useTitle(w.title, tenant);
  const may = useMay();
  const [creating, setCreating] = useState(false);
  const query = useQuery(trpc.webhooks.list.queryOptions({ tenant }));
  const endpoints = query.data?.endpoints ?? [];
  const chosen = endpoints.find(({ id }) => id === wanted);
  if (chosen !== undefined) return <EndpointView key={chosen.id} tenant={tenant} endpoint={chosen} />;
  if (wanted !== undefined && query.data === undefined)
    return (
      <>
        <ToEndpoints tenant={tenant} />
        <PageHeader title={w.title} />
        <section className={CARD}>
          {query.error ? (
            <FailureState error={query.error} onRetry={() => void query.refetch()} />
          ) : (
            <SkeletonRows rows={3} />
          )}
        </section>
      </>
    );
  const create = may("webhook.create") ? (
    <Button look="primary" onPress={() => setCreating(true)}>
      <Plus size={15} aria-hidden />
      {w.create}
    </Button>
  ) : null;
  return (
    <>
      <PageHeader title={w.title} lead={w.lead}>
        {create}
      </PageHeader>
      <section className={CARD}>
        <Listed
          query={query}
          label={w.listLabel}
          waiting={3}
          empty={
            <State icon={<Webhook size={20} aria-hidden />} title={w.none} text={w.noneText}>
              {create}
            </State>
          }
        >
          {endpoints.map((endpoint) => (
            <Row key={endpoint.id} tenant={tenant} endpoint={endpoint} />
          ))}
        </Listed>
      </section>
      {creating ? <EndpointForm tenant={tenant} endpoint={null} onClose={() => setCreating(false)} /> : null}
    </>
  );
}

function Row({ tenant, endpoint }: { tenant: string; endpoint: Endpoint }) {
  const { id, url, description, state, failures, lastSuccessAt } = endpoint;
  return (
    <li>
      <Link
        to="/t/$tenant/webhooks"
        params={{ tenant }}
        search={{ endpoint: id }}
        className="flex items-center gap-3 px-4 py-3 text-sm -outline-offset-2 hover:bg-hover"
      >
        <span className="min-w-0 flex-1">
          <span className="block truncate font-mono font-medium">{url}</span>
          <span className="block truncate text-xs text-muted">
            {description === "" ? "" : `${description} · `}
            {filterOf(endpoint)}
          </span>
        </span>
        <span className="hidden text-xs text-muted sm:block">
          {lastSuccessAt === null ? (
            w.neverDelivered
          ) : (
            <>
              {w.lastSuccess} <Moment at={lastSuccessAt} />
            </>
          )}
        </span>
        {state !== "enabled" ? (
          <Badge tone="warn">{w.states[state]}</Badge>
        ) : failures > 0 ? (
          <Badge tone="danger">{w.failing}</Badge>
        ) : (
          <Badge tone="good">{w.states.enabled}</Badge>
        )}
        <ChevronRight size={16} aria-hidden className="text-faint" />
      </Link>
    </li>
  );
}

/** What an endpoint is told of, in words. */
export function filterOf({ kinds, environments, prefix, consumer }: Endpoint): string {
  return [
    kinds === null ? w.everything : w.some(kinds.length),
    ...(environments === null ? [] : [w.onlyPlaces(environments.length)]),
    ...(prefix === null ? [] : [w.onlyPrefix(prefix)]),
    ...(consumer === null ? [] : [w.onlyConsumer(consumer)]),
  ].join(", ");
}
