import { useId } from "react";
import { Checkbox } from "../ui/checkbox.tsx";
import { LABEL } from "../ui/field.tsx";
import { KIND_GROUPS, KIND_WORDS, type Kind, w } from "./messages.ts";

interface Props {
  /** null: all. */
  kinds: readonly Kind[] | null;
  onChange: (kinds: readonly Kind[] | null) => void;
  error: string | null;
}

const ALL = Object.entries(KIND_WORDS) as [Exclude<Kind, "webhook.test">, string][];

/** Which events an endpoint is told of. */
export function KindPicker({ kinds, onChange, error }: Props) {
  const id = useId();
  const tick = (kind: Kind) => (ticked: boolean) =>
    onChange(ALL.map(([one]) => one).filter((one) => (one === kind ? ticked : (kinds ?? []).includes(one))));
  return (
    <fieldset aria-describedby={error === null ? undefined : id}>
      <legend className={LABEL}>{w.form.events}</legend>
      <Checkbox
        checked={kinds === null}
        onChange={(all) => onChange(all ? null : ["secret.rotated", "secret.deleted", "secret.grace_ending"])}
      >
        {w.form.all}
      </Checkbox>
      {kinds === null ? null : (
        <div className="mt-3 grid gap-4 rounded-xl border border-line bg-sunken p-4 sm:grid-cols-2">
          {KIND_GROUPS.map(({ label, of }) => (
            <fieldset key={label} className="space-y-1.5">
              <legend className="mb-1.5 text-xs font-medium text-muted">{label}</legend>
              {ALL.filter(([kind]) => of.test(kind)).map(([kind, words]) => (
                <Checkbox key={kind} checked={kinds.includes(kind)} onChange={tick(kind)}>
                  {words}
                </Checkbox>
              ))}
            </fieldset>
          ))}
        </div>
      )}
      <p id={id} aria-live="polite" className="text-xs font-medium text-danger-text">
        {error}
      </p>
    </fieldset>
  );
}
