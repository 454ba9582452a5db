import { Link, useNavigate } from "@tanstack/react-router";
import { ArrowLeft, Ellipsis, KeyRound, Pencil, Power, Send, Trash2 } from "lucide-react";
import { useState } from "react";
import { useMay } from "../data/identity.ts";
import { client, queries, trpc } from "../data/trpc.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { fromNow } from "../ui/from-now.ts";
import type { MenuAction } from "../ui/menu.tsx";
import { MenuButton } from "../ui/menu-button.tsx";
import { FailureNote } from "../ui/state.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { Deliveries } from "./deliveries.tsx";
import { EndpointForm } from "./endpoint-form.tsx";
import { w } from "./messages.ts";
import { RotateSigning } from "./rotate-signing.tsx";
import { type Endpoint, filterOf } from "./webhooks-page.tsx";

/** One endpoint: what it is told, how it is doing, and what was sent to it. */
export function EndpointView({ tenant, endpoint }: { tenant: string; endpoint: Endpoint }) {
  const may = useMay();
  const navigate = useNavigate();
  const { busy, failed, run } = useAction();
  const [open, setOpen] = useState<"edit" | "rotate" | "delete" | null>(null);
  const [asked, setAsked] = useState(0);
  const { id, url, description, state, disabledReason, failingSince, failures, previousSecretUntil } =
    endpoint;
  const close = () => setOpen(null);
  const back = { to: "/t/$tenant/webhooks", params: { tenant }, search: {} } as const;

  const test = () =>
    run(async () => {
      await client.webhooks.test.mutate({ tenant, id });
      setAsked(Date.now());
      tell(w.tested);
      await queries.invalidateQueries(trpc.webhooks.deliveries.pathFilter());
    });
  const setEnabled = (enabled: boolean) =>
    run(async () => {
      await client.webhooks.update.mutate({ tenant, id, enabled });
      tell(enabled ? w.enabled : w.disabledNow);
      await queries.invalidateQueries(trpc.webhooks.pathFilter());
    });

  const actions: MenuAction[] = [
    ...(may("webhook.update")
      ? [
          { id: "edit", label: w.edit, icon: <Pencil size={15} aria-hidden />, run: () => setOpen("edit") },
          {
            id: "power",
            label: state === "disabled" ? w.enable : w.disable,
            icon: <Power size={15} aria-hidden />,
            run: () => void setEnabled(state === "disabled"),
          },
        ]
      : []),
    ...(may("webhook.rotate_secret")
      ? [
          {
            id: "rotate",
            label: w.secret.rotate,
            icon: <KeyRound size={15} aria-hidden />,
            run: () => setOpen("rotate"),
          },
        ]
      : []),
    ...(may("webhook.delete")
      ? [
          {
            id: "delete",
            label: w.remove,
            icon: <Trash2 size={15} aria-hidden />,
            danger: true,
            run: () => setOpen("delete"),
          },
        ]
      : []),
  ];

  return (
    <>
      <ToEndpoints tenant={tenant} />
      <header className="mb-6 flex flex-wrap items-start justify-between gap-4">
        <div className="min-w-0 flex-1 basis-72">
          <h1 className="font-mono text-xl font-semibold break-all">{url}</h1>
          <p className="mt-1 text-muted">
            {description === "" ? "" : `${description} · `}
            {filterOf(endpoint)}
          </p>
          <p className="mt-2 flex flex-wrap items-center gap-2 text-sm text-muted">
            <Badge tone={state === "enabled" ? "good" : "warn"}>{w.states[state]}</Badge>
            {disabledReason === null ? null : w.why[disabledReason]}
            {failingSince === null || state !== "enabled" ? null : (
              <span className="text-danger-text">
                {w.failingSince(fromNow(failingSince, Date.now()), failures)}
              </span>
            )}
            {previousSecretUntil === null ? null : w.secret.both(fromNow(previousSecretUntil, Date.now()))}
          </p>
        </div>
        <div className="flex items-center gap-2">
          {may("webhook.test") && state === "enabled" ? (
            <Button isPending={busy} onPress={() => void test()}>
              <Send size={14} aria-hidden />
              {w.test}
            </Button>
          ) : null}
          {actions.length === 0 ? null : (
            <MenuButton label={w.more} hint={w.more} actions={actions}>
              <Ellipsis size={16} aria-hidden />
            </MenuButton>
          )}
        </div>
      </header>
      {failed === null ? null : (
        <div className="mb-6">
          <FailureNote error={failed} />
        </div>
      )}
      <Deliveries tenant={tenant} id={id} asked={asked} />
      {open === "edit" ? <EndpointForm tenant={tenant} endpoint={endpoint} onClose={close} /> : null}
      {open === "rotate" ? <RotateSigning tenant={tenant} id={id} onClose={close} /> : null}
      {open === "delete" ? (
        <Confirm
          title={w.removeTitle}
          text={w.removeLead}
          word={w.remove}
          onClose={close}
          work={async () => {
            await client.webhooks.delete.mutate({ tenant, id });
            tell(w.removed);
            void navigate({ ...back, replace: true });
            await queries.invalidateQueries(trpc.webhooks.pathFilter());
          }}
        >
          <p className="rounded-lg bg-sunken px-3 py-2 font-mono text-sm break-all">{url}</p>
        </Confirm>
      ) : null}
    </>
  );
}

/** Back to the list. */
export function ToEndpoints({ tenant }: { tenant: string }) {
  return (
    <Link
      to="/t/$tenant/webhooks"
      params={{ tenant }}
      search={{}}
      className="mb-3 inline-flex items-center gap-1.5 rounded text-sm text-muted hover:text-ink"
    >
      <ArrowLeft size={14} aria-hidden />
      {w.back}
    </Link>
  );
}
