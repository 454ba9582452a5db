import { useState } from "react";
import { useEnvironmentChoices } from "../data/places.ts";
import { client, type Secret } from "../data/trpc.ts";
import { useBlastRadius } from "../life/use-blast-radius.ts";
import { refreshSecrets } from "../secrets/use-secrets.ts";
import { Checkbox } from "../ui/checkbox.tsx";
import { Choice } from "../ui/choice.tsx";
import { Field, LABEL } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { ac } from "./messages.ts";
import { type Draft, draftOf, policyOf } from "./policy-draft.ts";

const p = ac.policy;
const APPROVALS = [
  { id: "none", label: p.approvalsNone },
  { id: "changes", label: p.approvalsOf.changes },
  { id: "all", label: p.approvalsOf.all },
] as const;

interface Props {
  tenant: string;
  secret: Secret;
  onClose: () => void;
}

/** Says who gets at a secret. Saved on top of what was seen when it was opened, or not at all. */
export function AccessPolicyForm({ tenant, secret, onClose }: Props) {
  const [seen] = useState(secret);
  const [draft, setDraft] = useState<Draft>(() => draftOf(seen.accessPolicy));
  const action = useAction();
  const environments = useEnvironmentChoices(tenant);
  // A place that is asked for and that one does not see stays asked for.
  const others = draft.environments.filter((id) => !environments.some((one) => one.id === id));
  const radius = useBlastRadius(tenant, seen.id).data;
  const known = (radius?.consumers ?? []).map(({ name }) => name).slice(0, 8);
  const set = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const policy = policyOf(draft);

  function submit() {
    void action.run(async () => {
      const { id, generation } = seen;
      await client.secrets.setAccessPolicy.mutate({ tenant, id, policy, expectedGeneration: generation });
      onClose();
      tell(policy === null ? p.removed(seen.name) : p.saved(seen.name));
      await refreshSecrets();
    });
  }

  return (
    <FormDialog
      title={p.formTitle(seen.name)}
      lead={p.formLead}
      action={action}
      onSubmit={submit}
      onClose={onClose}
      word={p.save}
      busyWord={p.saving}
    >
      <Checkbox checked={draft.writeOnly} onChange={(writeOnly) => set({ writeOnly })} hint={p.writeOnlyHint}>
        {p.writeOnlyLabel}
      </Checkbox>
      <Checkbox checked={draft.mfa} onChange={(mfa) => set({ mfa })} hint={p.factorHint}>
        {p.factorLabel}
      </Checkbox>
      <p role="status" className="text-sm font-medium text-warn-text empty:hidden">
        {draft.mfa && draft.writeOnly
          ? p.nobody
          : draft.mfa && draft.services.trim() !== ""
            ? p.noService
            : null}
      </p>
      <Choice
        label={p.approvalsLabel}
        options={APPROVALS}
        value={draft.approvals}
        onChange={(approvals) => set({ approvals })}
      />
      <Field
        label={p.servicesLabel}
        optional
        mono
        rows={3}
        hint={known.length === 0 ? p.servicesHint : `${p.servicesHint} ${p.servicesKnown(known.join(", "))}`}
        value={draft.services}
        onChange={(services) => set({ services })}
      />
      <fieldset aria-describedby="access-places">
        <legend className={LABEL}>{p.placesLabel}</legend>
        <div className="max-h-44 space-y-2 overflow-y-auto rounded-lg border border-line bg-sunken px-3 py-2.5">
          {[...environments, ...others.map((id) => ({ id, label: p.otherPlace }))].map(({ id, label }) => (
            <Checkbox
              key={id}
              checked={draft.environments.includes(id)}
              onChange={(on) =>
                set({ environments: draft.environments.filter((one) => one !== id).concat(on ? [id] : []) })
              }
            >
              {label}
            </Checkbox>
          ))}
        </div>
        <p id="access-places" className="mt-1.5 text-xs text-muted">
          {p.placesHint}
        </p>
      </fieldset>
    </FormDialog>
  );
}
