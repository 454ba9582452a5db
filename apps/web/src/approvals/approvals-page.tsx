import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Plus, Stamp } from "lucide-react";
import { useState } from "react";
import { useIdentity, useMay } from "../data/identity.ts";
import { inPages } from "../data/pages.ts";
import { placesOptions } from "../data/places.ts";
import { client, type Outputs, trpc } from "../data/trpc.ts";
import { Button } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import { Listed } from "../ui/listed.tsx";
import { CARD, PageHeader } from "../ui/page-header.tsx";
import { State } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { ApprovalRow } from "./approval-row.tsx";
import { AskApproval } from "./ask-approval.tsx";
import { BreakGlass } from "./break-glass.tsx";
import { DecideDialog } from "./decide-dialog.tsx";
import { ap } from "./messages.ts";

export type Approval = Outputs["approvals"]["list"]["approvals"][number];
export interface Deciding {
  approval: Approval;
  approve: boolean;
}

/** In the address, instead of a secret's id: one that is to be named. */
const ANY = "any";
const SHOWN = [
  { id: "waiting", label: ap.waiting },
  { id: "all", label: ap.all },
] as const;

/** What takes two people: what waits for one, and what was decided. */
export function ApprovalsPage() {
  const { tenant } = useParams({ from: "/app/t/$tenant/approvals" });
  const { ask, glass } = useSearch({ from: "/app/t/$tenant/approvals" });
  const navigate = useNavigate();
  useTitle(ap.title, tenant);
  const may = useMay();
  const person = useIdentity().type === "user";
  const [shown, setShown] = useState<(typeof SHOWN)[number]["id"]>("waiting");
  const [deciding, setDeciding] = useState<Deciding | null>(null);
  const filter = { tenant, ...(shown === "waiting" ? { state: "requested" as const } : {}) };
  const query = useInfiniteQuery({
    ...inPages(trpc.approvals.list.infiniteQueryKey(filter), (page, options) =>
      client.approvals.list.query({ ...filter, limit: 50, ...page }, options),
    ),
    staleTime: 0,
  });
  const places = useQuery(placesOptions(tenant)).data ?? [];
  const approvals = query.data?.pages.flatMap((page) => page.approvals) ?? [];
  const setAsking = (open: boolean) =>
    void navigate({
      to: "/t/$tenant/approvals",
      params: { tenant },
      search: open ? { ask: true } : {},
      replace: true,
    });
  const setGlass = (open: boolean) =>
    void navigate({
      to: "/t/$tenant/approvals",
      params: { tenant },
      search: open ? { glass: ANY } : {},
      replace: true,
    });
  return (
    <>
      <PageHeader title={ap.title} lead={ap.lead}>
        <div className="flex w-full flex-wrap items-center justify-end gap-2 sm:w-auto">
          <div className="w-full sm:w-40">
            <Choice compact label={ap.show} options={SHOWN} value={shown} onChange={setShown} />
          </div>
          {person && may("approval.break_glass") ? (
            <Button look="danger-quiet" onPress={() => setGlass(true)}>
              {ap.glass.open}
            </Button>
          ) : null}
          {person && may("approval.request") ? (
            <Button look="primary" onPress={() => setAsking(true)}>
              <Plus size={15} aria-hidden />
              {ap.ask}
            </Button>
          ) : null}
        </div>
      </PageHeader>
      <section className={CARD}>
        <Listed
          query={query}
          label={ap.label}
          waiting={3}
          empty={
            <State
              icon={<Stamp size={20} aria-hidden />}
              title={shown === "waiting" ? ap.none : ap.noneAll}
              text={shown === "waiting" ? ap.noneText : ap.noneAllText}
            />
          }
        >
          {approvals.map((approval) => (
            <ApprovalRow
              key={approval.id}
              approval={approval}
              places={places}
              mayDecide={person && may("approval.decide")}
              onDecide={(approve) => setDeciding({ approval, approve })}
            />
          ))}
        </Listed>
      </section>
      {ask === true && person ? <AskApproval tenant={tenant} onClose={() => setAsking(false)} /> : null}
      {glass !== undefined && person && may("approval.break_glass") ? (
        <BreakGlass tenant={tenant} secretId={glass === ANY ? null : glass} onClose={() => setGlass(false)} />
      ) : null}
      {deciding === null ? null : (
        <DecideDialog tenant={tenant} deciding={deciding} onClose={() => setDeciding(null)} />
      )}
    </>
  );
}
