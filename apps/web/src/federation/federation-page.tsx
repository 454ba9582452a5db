import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Plus, Workflow } from "lucide-react";
import { useState } from "react";
import { useMay } from "../data/identity.ts";
import { client, type Outputs, queries, trpc } from "../data/trpc.ts";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Listed } from "../ui/listed.tsx";
import { Moment } from "../ui/moment.tsx";
import { CARD, PageHeader } from "../ui/page-header.tsx";
import { State } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { tell } from "../ui/toast.tsx";
import { fe } from "./messages.ts";
import { RuleForm } from "./rule-form.tsx";

type Rule = Outputs["federation"]["list"]["rules"][number];

/** The rules by which workloads exchange their own tokens. */
export function FederationPage() {
  const { tenant } = useParams({ from: "/app/t/$tenant/federation" });
  useTitle(fe.title, tenant);
  const may = useMay();
  const [creating, setCreating] = useState(false);
  const [ending, setEnding] = useState<Rule | null>(null);
  const query = useQuery(trpc.federation.list.queryOptions({ tenant }));
  const rules = query.data?.rules ?? [];
  const create = may("federation.create") ? (
    <Button look="primary" onPress={() => setCreating(true)}>
      <Plus size={15} aria-hidden />
      {fe.create}
    </Button>
  ) : null;
  return (
    <>
      <PageHeader title={fe.title} lead={fe.lead}>
        {rules.length === 0 ? null : create}
      </PageHeader>
      <section className={CARD}>
        <Listed
          query={query}
          label={fe.label}
          waiting={3}
          empty={
            <State icon={<Workflow size={20} aria-hidden />} title={fe.none} text={fe.noneText}>
              {create}
            </State>
          }
        >
          {rules.map((rule) => (
            <Row key={rule.id} rule={rule} onEnd={may("federation.delete") ? () => setEnding(rule) : null} />
          ))}
        </Listed>
      </section>
      {creating ? <RuleForm tenant={tenant} onClose={() => setCreating(false)} /> : null}
      {ending === null ? null : (
        <Confirm
          title={fe.endTitle(ending.name)}
          text={fe.endText}
          word={fe.end}
          onClose={() => setEnding(null)}
          work={async () => {
            await client.federation.delete.mutate({ tenant, id: ending.id });
            tell(fe.ended(ending.name));
            await queries.invalidateQueries(trpc.federation.pathFilter());
          }}
        />
      )}
    </>
  );
}

function Row({ rule, onEnd }: { rule: Rule; onEnd: (() => void) | null }) {
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-3 px-4 py-4">
      <div className="min-w-0 flex-1 basis-64">
        <p className="font-medium break-words">{rule.name}</p>
        <p className="text-sm text-muted">
          {fe.gives} {givesOf(rule)}
          {rule.expiresAt === null ? null : (
            <>
              , {fe.ends} <Moment at={rule.expiresAt} />
            </>
          )}
        </p>
        <dl className="mt-2 grid grid-cols-[5.5rem_minmax(0,1fr)] gap-x-3 gap-y-1 text-sm">
          <dt className="text-muted">{fe.issuer}</dt>
          <dd className="font-mono text-xs leading-5 break-all">{rule.issuer}</dd>
          <dt className="text-muted">{fe.audience}</dt>
          <dd className="font-mono text-xs leading-5 break-all">{rule.audience}</dd>
          {Object.entries(rule.claims).map(([claim, patterns]) => (
            <Claim key={claim} claim={claim} patterns={patterns} />
          ))}
        </dl>
      </div>
      {onEnd === null ? null : (
        <Button size="sm" look="danger-quiet" aria-label={fe.endFor(rule.name)} onPress={onEnd}>
          {fe.end}
        </Button>
      )}
    </li>
  );
}

function Claim({ claim, patterns }: { claim: string; patterns: readonly string[] }) {
  return (
    <>
      <dt className="truncate text-muted" title={claim}>
        {claim}
      </dt>
      <dd className="font-mono text-xs leading-5 break-all">{patterns.join(" | ")}</dd>
    </>
  );
}

function givesOf({ actions, projects, environments, lifeSeconds }: Rule): string {
  const where =
    environments !== null
      ? fe.environments(environments.length)
      : projects !== null
        ? fe.projects(projects.length)
        : fe.everywhere;
  return `${fe.actions(actions.length)} ${where} ${fe.minutes(lifeSeconds)}`;
}
