import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { toFailure } from "../data/failure.ts";
import { useMay } from "../data/identity.ts";
import { client, queries, trpc } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Moment } from "../ui/moment.tsx";
import { FailureState, SkeletonRows } from "../ui/state.tsx";
import { tell } from "../ui/toast.tsx";
import { TypeTheName } from "../ui/type-the-name.tsx";
import { te } from "./messages.ts";

interface Props {
  id: string;
  slug: string;
  name: string;
  deletedAt: string;
}

/** A deleted tenant: purged by its slug, and the receipt of its shredding. */
export function DeletedTenant({ id, slug, name, deletedAt }: Props) {
  const may = useMay();
  const [open, setOpen] = useState<"receipt" | "purge" | null>(null);
  const close = () => setOpen(null);
  return (
    <li className="flex min-h-15 flex-wrap items-center gap-x-3.5 gap-y-1 py-2 pr-2.5 pl-4">
      <div className="min-w-40 flex-1">
        <p className="flex items-center gap-2">
          <span className="truncate font-medium text-muted">{name}</span>
          <Badge>{te.deleted}</Badge>
        </p>
        <p className="text-xs text-muted">
          {name === slug ? null : `${slug} · `}
          <Moment at={deletedAt} />
        </p>
      </div>
      <div className="ml-auto flex gap-1">
        <Button size="sm" look="quiet" aria-label={te.receiptFor(slug)} onPress={() => setOpen("receipt")}>
          {te.receipt}
        </Button>
        {may("tenant.purge") ? (
          <Button
            size="sm"
            look="danger-quiet"
            aria-label={te.purgeFor(slug)}
            onPress={() => setOpen("purge")}
          >
            {te.purge}
          </Button>
        ) : null}
      </div>
      {open === "receipt" ? <Receipt tenant={id} slug={slug} onClose={close} /> : null}
      {open === "purge" ? (
        <TypeTheName
          title={te.purgeTitle(slug)}
          lead={te.purgeLead}
          name={slug}
          label={te.type}
          word={te.purge}
          busyWord={te.purging}
          onClose={close}
          work={async () => {
            await client.tenants.purge.mutate({ tenant: id, confirm: slug });
            tell(te.purged(slug));
            await queries.invalidateQueries(trpc.tenants.pathFilter());
          }}
        />
      ) : null}
    </li>
  );
}

function Receipt({ tenant, slug, onClose }: { tenant: string; slug: string; onClose: () => void }) {
  const query = useQuery(trpc.shreds.receipt.queryOptions({ tenant }));
  const none = query.error !== null && toFailure(query.error).code === "not_found";
  return (
    <Dialog
      title={te.receiptTitle(slug)}
      lead={none ? te.receiptNone : te.receiptLead}
      isOpen
      onClose={onClose}
    >
      {none ? null : query.error ? (
        <FailureState error={query.error} onRetry={() => void query.refetch()} />
      ) : query.data === undefined ? (
        <SkeletonRows rows={2} />
      ) : (
        <>
          <pre
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what is wider than the dialog is scrolled by keyboard, too.
            tabIndex={0}
            className="max-h-72 overflow-auto rounded-lg bg-sunken px-3.5 py-3 text-xs select-all -outline-offset-2"
          >
            {query.data.receipt}
          </pre>
          <p className="mt-3 text-sm text-muted">
            {te.publicKey} <code className="text-xs break-all select-all">{query.data.publicKey}</code>
          </p>
        </>
      )}
      <DialogActions>
        <Button onPress={onClose}>{m.close}</Button>
      </DialogActions>
    </Dialog>
  );
}
