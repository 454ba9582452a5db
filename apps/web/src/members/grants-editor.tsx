import { Plus, Trash2 } from "lucide-react";
import { usePlaceChoices } from "../data/places.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import { Field } from "../ui/field.tsx";
import { AS_BEFORE, type Draft, newDraft } from "./draft.ts";
import type { Roles } from "./grant-words.ts";
import { mm } from "./messages.ts";

interface Props {
  tenant: string;
  roles: Roles | undefined;
  drafts: readonly Draft[];
  onChange: (drafts: readonly Draft[]) => void;
}

/** What somebody is given: roles, and where and until when each holds. */
export function GrantsEditor({ tenant, roles, drafts, onChange }: Props) {
  const { options } = usePlaceChoices(tenant, mm.everywhere, mm.wholeProject);
  const choices = [
    ...(roles?.ours ?? []).map(({ name, summary }) => ({
      id: name,
      label: mm.roles[name] ?? name,
      text: summary,
    })),
    ...(roles?.roles ?? []).map(({ id, name, summary }) => ({
      id,
      label: name,
      ...(summary === "" ? {} : { text: summary }),
    })),
  ];
  const set = (key: number, change: Partial<Draft>) =>
    onChange(drafts.map((draft) => (draft.key === key ? { ...draft, ...change } : draft)));
  return (
    <fieldset className="min-w-0">
      <legend className="mb-2 text-sm font-medium">{mm.rights}</legend>
      <ul className="space-y-3">
        {drafts.map((draft, index) => (
          <li
            key={draft.key}
            aria-label={mm.right(index + 1)}
            className="rounded-xl border border-line bg-sunken p-4"
          >
            <div className="grid gap-4 sm:grid-cols-2">
              <Choice
                label={mm.role}
                options={choices}
                value={draft.role}
                onChange={(role) => set(draft.key, { role })}
              />
              <Choice
                label={mm.where}
                options={[
                  ...(draft.before !== null && draft.where === AS_BEFORE
                    ? [{ id: AS_BEFORE, label: mm.asBefore }]
                    : []),
                  ...options,
                ]}
                value={draft.where}
                onChange={(where) => set(draft.key, { where })}
              />
              <Field
                label={mm.prefix}
                optional
                mono
                placeholder={mm.prefixPlaceholder}
                value={draft.prefix}
                onChange={(prefix) => set(draft.key, { prefix })}
              />
              <Choice
                label={mm.until}
                options={(Object.keys(mm.untils) as Draft["until"][])
                  .filter((id) => id !== "same" || draft.before?.expiresAt)
                  .map((id) => ({ id, label: mm.untils[id] }))}
                value={draft.until}
                onChange={(until) => set(draft.key, { until })}
              />
            </div>
            {drafts.length === 1 ? null : (
              <div className="mt-3 flex justify-end">
                <IconButton
                  aria-label={mm.dropRight(index + 1)}
                  onPress={() => onChange(drafts.filter(({ key }) => key !== draft.key))}
                >
                  <Trash2 size={15} aria-hidden />
                </IconButton>
              </div>
            )}
          </li>
        ))}
      </ul>
      <div className="mt-3">
        <Button size="sm" onPress={() => onChange([...drafts, newDraft("viewer")])}>
          <Plus size={14} aria-hidden />
          {mm.addRight}
        </Button>
      </div>
    </fieldset>
  );
}
