import { useState } from "react";
import { toFailure } from "../data/failure.ts";
import { useMay } from "../data/identity.ts";
import { client, type Secret } from "../data/trpc.ts";
import { refreshSecrets } from "../secrets/use-secrets.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { Moment } from "../ui/moment.tsx";
import { tell, tellFailure } from "../ui/toast.tsx";
import { TypeTheName } from "../ui/type-the-name.tsx";
import { useAction } from "../ui/use-action.ts";
import { d } from "./messages.ts";

/** A deleted secret: brought back under its name, or another where that is taken; or ended for good. */
export function DeletedRow({ tenant, secret }: { tenant: string; secret: Secret }) {
  const may = useMay();
  const { id, name, deletedAt } = secret;
  const [open, setOpen] = useState<"rename" | "purge" | null>(null);
  const [reason, setReason] = useState("");
  const { busy, run } = useAction();
  const close = () => setOpen(null);

  const restore = () =>
    run(async () => {
      try {
        await client.secrets.restore.mutate({ tenant, id });
        tell(d.restored(name));
        await refreshSecrets();
      } catch (error) {
        if (toFailure(error).code === "name_taken") setOpen("rename");
        else tellFailure(error);
      }
    });

  return (
    <li className="flex min-h-14 flex-wrap items-center gap-x-4 gap-y-1 py-2 pr-2.5 pl-4">
      <p className="min-w-40 flex-1">
        <span className="block font-mono text-sm font-medium break-all">{name}</span>
        {deletedAt === null ? null : (
          <span className="block text-xs text-muted">
            {d.deleted} <Moment at={deletedAt} />
          </span>
        )}
      </p>
      <div className="ml-auto flex gap-1">
        {may("secret.restore") ? (
          <Button size="sm" aria-label={d.restoreFor(name)} isPending={busy} onPress={() => void restore()}>
            {d.restore}
          </Button>
        ) : null}
        {may("secret.purge") ? (
          <Button
            size="sm"
            look="danger-quiet"
            aria-label={d.purgeFor(name)}
            onPress={() => setOpen("purge")}
          >
            {d.purge}
          </Button>
        ) : null}
      </div>
      {open === "rename" ? <RestoreAs tenant={tenant} secret={secret} onClose={close} /> : null}
      {open === "purge" ? (
        <TypeTheName
          title={d.purgeTitle(name)}
          lead={d.purgeLead}
          name={name}
          label={d.type}
          word={d.purge}
          busyWord={d.purging}
          ready={reason.trim() !== ""}
          onClose={close}
          work={async () => {
            await client.secrets.purge.mutate({ tenant, id, confirm: name, reason: reason.trim() });
            tell(d.purged(name));
            await refreshSecrets();
          }}
        >
          <Field label={d.reason} hint={d.reasonHint} value={reason} onChange={setReason} />
        </TypeTheName>
      ) : null}
    </li>
  );
}

function RestoreAs({ tenant, secret, onClose }: { tenant: string; secret: Secret; onClose: () => void }) {
  const [name, setName] = useState(secret.name);
  const action = useAction();
  const submit = () =>
    action.run(async () => {
      await client.secrets.restore.mutate({ tenant, id: secret.id, name });
      onClose();
      tell(d.restored(name));
      await refreshSecrets();
    });
  return (
    <FormDialog
      title={d.takenTitle(secret.name)}
      lead={d.takenLead}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={d.restore}
      ready={name !== "" && name !== secret.name}
    >
      <Field label={d.newName} mono autoFocus value={name} onChange={setName} />
    </FormDialog>
  );
}
