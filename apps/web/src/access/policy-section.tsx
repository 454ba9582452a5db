import { useQuery } from "@tanstack/react-query";
import { CircleQuestionMark, LockKeyholeOpen, Settings2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useMay } from "../data/identity.ts";
import { placesOptions } from "../data/places.ts";
import { type Secret, trpc } from "../data/trpc.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Fact } from "../ui/fact.tsx";
import { ac } from "./messages.ts";

const PolicyForm = lazy(async () => ({ default: (await import("./policy-form.tsx")).AccessPolicyForm }));
const ExplainDialog = lazy(async () => ({ default: (await import("./explain-dialog.tsx")).ExplainDialog }));

/** Who gets at a secret besides whom roles and scopes let, who answers for it, and why somebody may or may not. */
export function AccessSection({ tenant, secret }: { tenant: string; secret: Secret }) {
  const may = useMay();
  const [open, setOpen] = useState<"edit" | "explain" | null>(null);
  const { accessPolicy: policy } = secret;
  const close = () => setOpen(null);
  const mayPlan = may("rotation.get_policy");
  // The section on rotation asks the same, so this is no call of its own.
  const plan = useQuery({
    ...trpc.rotation.getPolicy.queryOptions({ tenant, id: secret.id }),
    enabled: mayPlan,
  });
  return (
    <section aria-labelledby="access">
      <header className="mb-2 flex flex-wrap items-center justify-between gap-2">
        <h3 id="access" className="text-base font-semibold tracking-tight">
          {ac.policy.title}
        </h3>
        <span className="flex flex-wrap gap-1">
          <Button size="sm" look="quiet" onPress={() => setOpen("explain")}>
            <CircleQuestionMark size={14} aria-hidden />
            {ac.policy.explain}
          </Button>
          {may("secret.set_access_policy") ? (
            <Button size="sm" look="quiet" onPress={() => setOpen("edit")}>
              <Settings2 size={14} aria-hidden />
              {policy === null ? ac.policy.set : ac.policy.edit}
            </Button>
          ) : null}
        </span>
      </header>
      {policy === null ? (
        <p className="rounded-xl border border-dashed border-line px-4 py-3 text-sm text-muted">
          <LockKeyholeOpen size={15} aria-hidden className="mr-2 inline align-[-2px]" />
          {ac.policy.none}
        </p>
      ) : (
        <Facts tenant={tenant} policy={policy} />
      )}
      {mayPlan ? (
        <dl className={`text-sm ${policy === null ? "mt-1" : "border-b border-line"}`}>
          <Fact name={ac.policy.owner}>
            {plan.data?.owner ?? <span className="text-muted">{ac.policy.noOwner}</span>}
          </Fact>
        </dl>
      ) : null}
      <Suspense>
        {open === "edit" ? <PolicyForm tenant={tenant} secret={secret} onClose={close} /> : null}
        {open === "explain" ? <ExplainDialog tenant={tenant} secret={secret} onClose={close} /> : null}
      </Suspense>
    </section>
  );
}

function Facts({ tenant, policy }: { tenant: string; policy: NonNullable<Secret["accessPolicy"]> }) {
  const { services, environments, mfa, writeOnly, approvals } = policy;
  const places = useQuery({ ...placesOptions(tenant), enabled: environments !== null }).data;
  const nameOf = (id: string): string => {
    for (const project of places ?? [])
      for (const environment of project.environments)
        if (environment.id === id) return `${project.name} / ${environment.name}`;
    return ac.policy.otherPlace;
  };
  return (
    <dl className="divide-y divide-line border-y border-line text-sm">
      {writeOnly ? <Fact name={ac.policy.values}>{ac.policy.writeOnly}</Fact> : null}
      {mfa ? <Fact name={ac.policy.factor}>{ac.policy.factorText}</Fact> : null}
      {approvals === null ? null : <Fact name={ac.policy.approvals}>{ac.policy.approvalsOf[approvals]}</Fact>}
      {services === null ? null : <Names name={ac.policy.services} all={services} />}
      {environments === null || places === undefined ? null : (
        <Names name={ac.policy.environments} all={[...new Set(environments.map(nameOf))]} />
      )}
    </dl>
  );
}

function Names({ name, all }: { name: string; all: readonly string[] }) {
  return (
    <Fact name={name}>
      <span className="flex flex-wrap justify-end gap-1">
        {all.map((one) => (
          <Badge key={one}>{one}</Badge>
        ))}
      </span>
    </Fact>
  );
}
