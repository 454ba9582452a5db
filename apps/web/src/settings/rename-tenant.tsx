import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { client, queries, trpc } from "../data/trpc.ts";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { se } from "./messages.ts";
import type { Tenant } from "./tenant-section.tsx";

/** Gives a tenant another name, or another slug: the page goes on under that. */
export function RenameTenant({ tenant, onClose }: { tenant: Tenant; onClose: () => void }) {
  const navigate = useNavigate();
  const [name, setName] = useState(tenant.name);
  const [slug, setSlug] = useState(tenant.slug);
  const action = useAction();
  const submit = () =>
    action.run(async () => {
      await client.tenants.rename.mutate({ tenant: tenant.id, name, slug });
      onClose();
      tell(se.renamed(name));
      if (slug !== tenant.slug)
        await navigate({ to: "/t/$tenant/settings", params: { tenant: slug }, replace: true });
      await queries.invalidateQueries(trpc.tenants.pathFilter());
    });
  return (
    <FormDialog
      title={se.renameTenantTitle}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={se.save}
      busyWord={se.saving}
      ready={name !== "" && slug !== "" && (name !== tenant.name || slug !== tenant.slug)}
    >
      <Field label={se.fullName} autoFocus value={name} onChange={setName} />
      <Field label={se.slug} hint={se.slugHint} mono value={slug} onChange={setSlug} />
    </FormDialog>
  );
}
