import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMay } from "../data/identity.ts";
import { type Outputs, trpc } from "../data/trpc.ts";
import { Button } from "../ui/button.tsx";
import { Fact } from "../ui/fact.tsx";
import { Moment } from "../ui/moment.tsx";
import { Section } from "../ui/section.tsx";
import { FailureState, SkeletonRows } from "../ui/state.tsx";
import { ConfigureTenant } from "./configure-tenant.tsx";
import { graceWords } from "./grace-choices.ts";
import { se } from "./messages.ts";
import { RenameTenant } from "./rename-tenant.tsx";

export type Tenant = Outputs["tenants"]["get"];

/** What a tenant is called, and what holds for secrets that do not say otherwise. */
export function TenantSection({ tenant }: { tenant: string }) {
  const may = useMay();
  const query = useQuery(trpc.tenants.get.queryOptions({ tenant }));
  const [open, setOpen] = useState<"rename" | "configure" | null>(null);
  const { data } = query;
  const close = () => setOpen(null);
  return (
    <Section
      title={se.tenant}
      text={se.tenantText}
      actions={
        data === undefined ? undefined : (
          <div className="flex gap-2">
            {may("tenant.rename") ? (
              <Button onPress={() => setOpen("rename")}>{se.renameTenant}</Button>
            ) : null}
            {may("tenant.configure") ? (
              <Button onPress={() => setOpen("configure")}>{se.configure}</Button>
            ) : null}
          </div>
        )
      }
    >
      {query.error ? (
        <FailureState error={query.error} onRetry={() => void query.refetch()} />
      ) : data === undefined ? (
        <SkeletonRows rows={4} />
      ) : (
        <dl className="divide-y divide-line px-4 text-sm">
          <Fact name={se.fullName}>{data.name}</Fact>
          <Fact name={se.slug}>
            <code>{data.slug}</code>
          </Fact>
          <Fact name={se.id}>
            <code className="text-xs break-all select-all">{data.id}</code>
          </Fact>
          <Fact name={se.made}>
            <Moment at={data.createdAt} />
          </Fact>
          {data.regions === null ? null : <Fact name={se.regions}>{data.regions.join(", ")}</Fact>}
          <Fact name={se.grace}>{graceWords(data.graceSeconds)}</Fact>
          <Fact name={se.algorithm}>{se.algorithms[data.algorithm ?? "default"]}</Fact>
        </dl>
      )}
      {data !== undefined && open === "rename" ? <RenameTenant tenant={data} onClose={close} /> : null}
      {data !== undefined && open === "configure" ? <ConfigureTenant tenant={data} onClose={close} /> : null}
    </Section>
  );
}
