import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { client, type Outputs, queries, type Secret, trpc } from "../data/trpc.ts";
import { Checkbox } from "../ui/checkbox.tsx";
import { Choice } from "../ui/choice.tsx";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { l } from "./messages.ts";
import { draftOfSchedule, scheduleOf } from "./schedule-draft.ts";
import { ScheduleFields } from "./schedule-fields.tsx";
import { type ConfigSchema, configOf, draftOf } from "./schema-draft.ts";
import { SchemaFields } from "./schema-fields.tsx";

export type Policy = Outputs["rotation"]["getPolicy"];

const PEOPLE = "people";

interface Props {
  tenant: string;
  secret: Secret;
  policy: Policy | null;
  onClose: () => void;
}

/** When a secret is rotated, and by what. */
export function PolicyForm({ tenant, secret, policy, onClose }: Props) {
  const action = useAction();
  const rotators = useQuery(trpc.rotation.rotators.queryOptions({})).data?.rotators ?? [];
  const [schedule, setSchedule] = useState(() => draftOfSchedule(policy?.schedule ?? null));
  const [required, setRequired] = useState(policy?.required ?? false);
  const [kind, setKind] = useState(policy?.rotator?.kind ?? PEOPLE);
  const [drafts, setDrafts] = useState<Record<string, ReturnType<typeof draftOf>>>({});
  const [owner, setOwner] = useState(policy?.owner ?? "");
  const [expires, setExpires] = useState(policy?.expiresAt?.slice(0, 10) ?? "");
  const [badJson, setBadJson] = useState(false);
  const rotator = rotators.find((one) => one.kind === kind);
  const schema = (rotator?.config ?? {}) as ConfigSchema;
  const draft = drafts[kind] ?? draftOf(schema, policy?.rotator?.kind === kind ? policy.rotator.config : {});
  const when = scheduleOf(schedule);

  async function submit() {
    let config: Record<string, unknown>;
    try {
      config = configOf(schema, draft);
      setBadJson(false);
    } catch {
      return setBadJson(true);
    }
    const done = await action.run(async () => {
      await client.rotation.setPolicy.mutate({
        tenant,
        id: secret.id,
        schedule: when,
        required: required && when !== null,
        rotator: kind === PEOPLE ? null : { kind, config },
        owner: owner.trim() === "" ? null : owner.trim(),
        expiresAt: expires === "" ? null : new Date(`${expires}T23:59:59Z`).toISOString(),
      });
    });
    if (!done) return;
    onClose();
    tell(l.policy.saved(secret.name));
    await queries.invalidateQueries(trpc.rotation.pathFilter());
  }

  return (
    <FormDialog
      title={l.policy.dialogTitle(secret.name)}
      lead={l.policy.dialogLead}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={l.policy.save}
      busyWord={l.policy.saving}
    >
      <ScheduleFields draft={schedule} onChange={setSchedule} />
      {when === null ? null : (
        <Checkbox checked={required} onChange={setRequired} hint={l.policy.requiredHint}>
          {l.policy.requiredLabel}
        </Checkbox>
      )}
      <Choice
        label={l.policy.rotator}
        options={[
          { id: PEOPLE, label: l.policy.people },
          ...rotators.map((one) => {
            const [label = one.kind, ...text] = one.title.split(": ");
            return { id: one.kind, label, ...(text.length === 0 ? {} : { text: text.join(": ") }) };
          }),
        ]}
        value={kind}
        onChange={setKind}
      />
      {rotator === undefined ? null : (
        <fieldset className="space-y-4 rounded-xl border border-line bg-sunken p-4">
          <legend className="sr-only">{rotator.title}</legend>
          <SchemaFields
            schema={schema}
            draft={draft}
            onChange={(next) => setDrafts({ ...drafts, [kind]: next })}
          />
          <p className="text-xs text-muted">{l.policy.rotatorNote}</p>
        </fieldset>
      )}
      <Field label={l.policy.owner} optional hint={l.policy.ownerHint} value={owner} onChange={setOwner} />
      <Field
        label={l.policy.expiry}
        optional
        type="date"
        hint={l.policy.expiryHint}
        value={expires}
        onChange={setExpires}
      />
      {badJson ? (
        <p role="alert" className="text-sm font-medium text-danger-text">
          {l.policy.badJson}
        </p>
      ) : null}
    </FormDialog>
  );
}
