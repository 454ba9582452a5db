import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { toFailure } from "../data/failure.ts";
import { useIdentity, useMay } from "../data/identity.ts";
import { client, type Outputs, queries, trpc } from "../data/trpc.ts";
import { l } from "../life/messages.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { Moment } from "../ui/moment.tsx";
import { Section } from "../ui/section.tsx";
import { FailureState, SkeletonRows } from "../ui/state.tsx";
import { tell } from "../ui/toast.tsx";
import { TypeTheName } from "../ui/type-the-name.tsx";
import { useAction } from "../ui/use-action.ts";
import { se } from "./messages.ts";

type Shred = Outputs["shreds"]["status"];

const OPEN: readonly Shred["state"][] = ["requested", "waiting"];

/** How a tenant ends: deleted by an operator, or its keys destroyed when both sides want it. */
export function EndSection({ tenant }: { tenant: string }) {
  const may = useMay();
  const navigate = useNavigate();
  const operator = useIdentity().type === "operator";
  const [open, setOpen] = useState<"delete" | "ask" | "agree" | "cancel" | null>(null);
  const [reason, setReason] = useState("");
  const query = useQuery({
    ...trpc.shreds.status.queryOptions({ tenant }),
    enabled: may("tenant.shred_status"),
    staleTime: 0,
  });
  const none = query.error !== null && toFailure(query.error).code === "not_found";
  const shred = none ? null : query.data;
  const running = shred != null && OPEN.includes(shred.state);
  const theirs = shred?.state === "requested" && (shred.requestedBy.type === "operator") !== operator;
  const ask = (what: typeof open) => {
    setReason("");
    setOpen(what);
  };
  const close = () => setOpen(null);
  const after = async (words: string) => {
    tell(words);
    await queries.invalidateQueries(trpc.shreds.pathFilter());
  };
  return (
    <Section
      title={se.end}
      text={se.endText}
      actions={
        <div className="flex flex-wrap gap-2">
          {may("tenant.shred") && !query.isPending && !running ? (
            <Button look="danger-quiet" onPress={() => ask("ask")}>
              {se.shred}
            </Button>
          ) : null}
          {may("tenant.delete") ? (
            <Button look="danger-quiet" onPress={() => ask("delete")}>
              {se.deleteTenant}
            </Button>
          ) : null}
        </div>
      }
    >
      {query.error !== null && !none ? (
        <FailureState error={query.error} onRetry={() => void query.refetch()} />
      ) : query.isPending ? (
        <SkeletonRows rows={1} />
      ) : (
        <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 px-4 py-3.5 text-sm">
          <div className="min-w-0 flex-1 basis-64">
            <Standing shred={shred ?? null} />
          </div>
          {running && may("tenant.shred") ? (
            <div className="flex gap-2">
              <Button onPress={() => ask("cancel")}>{se.cancelShred}</Button>
              {theirs ? (
                <Button look="danger" onPress={() => ask("agree")}>
                  {se.agree}
                </Button>
              ) : null}
            </div>
          ) : null}
        </div>
      )}
      {open === "delete" ? (
        <TypeTheName
          title={se.deleteTitle(tenant)}
          lead={se.deleteLead}
          name={tenant}
          label={se.type}
          word={se.deleteTenant}
          busyWord={se.deleting}
          onClose={close}
          work={async () => {
            await client.tenants.delete.mutate({ tenant });
            tell(se.removed(tenant));
            await navigate({ to: "/tenants" });
            await queries.invalidateQueries(trpc.tenants.pathFilter());
          }}
        />
      ) : null}
      {open === "ask" ? (
        <TypeTheName
          title={se.shredTitle(tenant)}
          lead={se.shredLead}
          name={tenant}
          label={se.type}
          word={se.shredAsk}
          ready={reason.trim() !== ""}
          onClose={close}
          work={async () => {
            await client.shreds.request.mutate({ tenant, confirm: tenant, reason: reason.trim() });
            await after(se.shredAsked);
          }}
        >
          <Field label={se.reason} hint={se.reasonHint} value={reason} onChange={setReason} />
        </TypeTheName>
      ) : null}
      {open === "agree" && shred != null ? (
        <TypeTheName
          title={se.agreeTitle(tenant)}
          lead={se.agreeLead(l.duration(shred.waitSeconds))}
          name={tenant}
          label={se.type}
          word={se.agree}
          onClose={close}
          work={async () => {
            await client.shreds.agree.mutate({ tenant, confirm: tenant });
            await after(se.agreed);
          }}
        />
      ) : null}
      {open === "cancel" ? (
        <CancelShred tenant={tenant} onClose={close} onDone={() => void after(se.cancelled)} />
      ) : null}
    </Section>
  );
}

function Standing({ shred }: { shred: Shred | null }) {
  if (shred === null) return <p className="text-muted">{se.state.none}</p>;
  const { state, requestedBy, cancelledBy, dueAt, reason } = shred;
  return (
    <>
      <p className={OPEN.includes(state) ? "font-medium" : "text-muted"}>
        {state === "requested" ? (
          se.state.requested(requestedBy.name ?? se.somebody)
        ) : state === "cancelled" ? (
          se.state.cancelled(cancelledBy?.name ?? se.somebody)
        ) : state === "waiting" && dueAt !== null ? (
          <>
            {se.state.waiting} <Moment at={dueAt} />.
          </>
        ) : state === "erasing" ? (
          se.state.erasing
        ) : (
          se.state.shredded
        )}
      </p>
      <p className="mt-0.5 break-words text-muted">{se.because(reason)}</p>
    </>
  );
}

function CancelShred({
  tenant,
  onClose,
  onDone,
}: {
  tenant: string;
  onClose: () => void;
  onDone: () => void;
}) {
  const [reason, setReason] = useState("");
  const action = useAction();
  const submit = () =>
    action.run(async () => {
      await client.shreds.cancel.mutate({ tenant, reason: reason.trim() });
      onClose();
      onDone();
    });
  return (
    <FormDialog
      title={se.cancelTitle}
      lead={se.cancelLead}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={se.cancelShred}
      leave={se.keep}
      ready={reason.trim() !== ""}
    >
      <Field label={se.reason} hint={se.reasonHint} autoFocus value={reason} onChange={setReason} />
    </FormDialog>
  );
}
