import { useState } from "react";
import { useIdentity } from "../data/identity.ts";
import { client, type Inputs, queries, trpc } from "../data/trpc.ts";
import { Checkbox } from "../ui/checkbox.tsx";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { mm } from "./messages.ts";
import type { OwnRole } from "./roles-section.tsx";

type Action = Inputs["roles"]["create"]["actions"][number];

/** A role of the tenant's own: a name, and a list of actions that its maker holds. */
export function RoleForm({
  tenant,
  role,
  onClose,
}: {
  tenant: string;
  role: OwnRole | null;
  onClose: () => void;
}) {
  const held = useIdentity().actions.filter((action) => !action.startsWith("identity."));
  const action = useAction();
  const [name, setName] = useState(role?.name ?? "");
  const [summary, setSummary] = useState(role?.summary ?? "");
  const [actions, setActions] = useState<ReadonlySet<string>>(() => new Set(role?.actions ?? []));
  const [tried, setTried] = useState(false);
  const groups = [
    ...Map.groupBy([...new Set([...held, ...actions])].sort(), (action) => action.split(".")[0]!),
  ];

  async function submit() {
    setTried(true);
    if (name.trim() === "" || actions.size === 0) return;
    const facts = {
      tenant,
      name: name.trim(),
      summary: summary.trim(),
      actions: [...actions] as Action[],
    };
    const done = await action.run(async () => {
      if (role === null) await client.roles.create.mutate(facts);
      else await client.roles.change.mutate({ ...facts, id: role.id });
    });
    if (!done) return;
    onClose();
    tell(mm.saved(facts.name));
    await queries.invalidateQueries(trpc.roles.pathFilter());
  }

  const tick = (action: string) => (on: boolean) => {
    const next = new Set(actions);
    if (on) next.add(action);
    else next.delete(action);
    setActions(next);
  };
  return (
    <FormDialog
      title={role === null ? mm.newRole : mm.changeRole(role.name)}
      lead={mm.roleLead}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={mm.save}
      busyWord={mm.busy}
    >
      <Field
        label={mm.roleName}
        autoFocus
        value={name}
        onChange={setName}
        error={tried && name.trim() === "" ? mm.missingName : undefined}
      />
      <Field label={mm.roleSummary} optional value={summary} onChange={setSummary} />
      <fieldset>
        <legend className="mb-1.5 text-sm font-medium">{mm.roleActions}</legend>
        <p className="mb-3 text-xs text-muted">{mm.roleActionsHint}</p>
        <div className="grid gap-x-4 gap-y-5 rounded-xl border border-line bg-sunken p-4 sm:grid-cols-2">
          {groups.map(([noun, of]) => (
            <fieldset key={noun} className="space-y-1.5">
              <legend className="mb-1.5 text-xs font-medium text-muted">{mm.nouns[noun] ?? noun}</legend>
              {of.map((action) => (
                <Checkbox key={action} checked={actions.has(action)} onChange={tick(action)}>
                  <code>{action}</code>
                </Checkbox>
              ))}
            </fieldset>
          ))}
        </div>
        <p aria-live="polite" className="mt-1.5 text-xs font-medium text-danger-text">
          {tried && actions.size === 0 ? mm.noActions : null}
        </p>
      </fieldset>
    </FormDialog>
  );
}
