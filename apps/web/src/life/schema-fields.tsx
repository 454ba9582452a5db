import { Checkbox } from "../ui/checkbox.tsx";
import { Choice } from "../ui/choice.tsx";
import { Field } from "../ui/field.tsx";
import { l } from "./messages.ts";
import { type ConfigSchema, type Draft, kindOf, picksOf } from "./schema-draft.ts";

interface Props {
  schema: ConfigSchema;
  draft: Draft;
  onChange: (draft: Draft) => void;
}

/** A form for a rotator's settings, made of their JSON Schema: a plug-in's look like a built-in one's. */
export function SchemaFields({ schema, draft, onChange }: Props) {
  return Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const value = draft[name] ?? "";
    const set = (next: string | boolean) => onChange({ ...draft, [name]: next });
    const label = labelOf(name);
    const kind = kindOf(property);
    const picks = picksOf(property);
    if (picks !== null)
      return (
        <Choice
          key={name}
          label={label}
          options={picks.map((pick) => ({ id: String(pick), label: String(pick) }))}
          value={String(value)}
          onChange={set}
        />
      );
    if (kind === "tick")
      return (
        <Checkbox key={name} checked={value === true} onChange={set}>
          {label}
        </Checkbox>
      );
    const hint =
      property.description ??
      (kind === "json" ? l.policy.json : kind === "secret" ? l.policy.secretRef : undefined);
    return (
      <Field
        key={name}
        label={label}
        optional={!(schema.required ?? []).includes(name)}
        {...(hint === undefined ? {} : { hint })}
        mono={kind !== "number"}
        value={String(value)}
        onChange={set}
      />
    );
  });
}

/** "signingSecret" as people write it: "Signing secret". */
function labelOf(name: string): string {
  const words = name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
