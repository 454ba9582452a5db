import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { au } from "../audit/messages.ts";
import { trpc } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Badge } from "../ui/badge.tsx";
import { Listed } from "../ui/listed.tsx";
import { Moment } from "../ui/moment.tsx";
import { CARD } from "../ui/page-header.tsx";
import { e } from "./edit-messages.ts";

/** What happened to one secret last, for whoever reads the audit log. */
export function SecretAudit({ tenant, id }: { tenant: string; id: string }) {
  const query = useQuery({
    ...trpc.audit.list.queryOptions({ tenant, target: id, limit: 12 }),
    staleTime: 0,
  });
  const events = query.data?.events ?? [];
  return (
    <section aria-labelledby="secret-audit">
      <div className="mb-3 flex items-baseline justify-between gap-4">
        <h3 id="secret-audit" className="text-base font-semibold tracking-tight">
          {e.audit}
        </h3>
        <Link
          to="/t/$tenant/audit"
          params={{ tenant }}
          className="rounded text-sm text-accent-text hover:underline"
        >
          {e.auditAll}
        </Link>
      </div>
      <div className={CARD}>
        <Listed
          query={query}
          label={e.audit}
          waiting={3}
          empty={<p className="px-4 py-4 text-sm text-muted">{e.auditNone}</p>}
        >
          {events.map((event) => (
            <li key={event.seq} className="flex flex-wrap items-center gap-x-3 gap-y-0.5 px-4 py-2.5 text-sm">
              <code className="text-xs font-medium">{event.action}</code>
              {event.target?.version == null ? null : (
                <span className="text-muted">{m.secrets.atVersion(event.target.version)}</span>
              )}
              {event.outcome === "success" ? null : <Badge tone="danger">{au.outcomes[event.outcome]}</Badge>}
              <span className="ml-auto text-muted">
                {event.actor.name ?? event.actor.type} · <Moment at={event.time} />
              </span>
            </li>
          ))}
        </Listed>
      </div>
    </section>
  );
}
