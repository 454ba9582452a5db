import { Checkbox } from "react-aria-components/Checkbox";
import { m } from "../messages.ts";
import { Field } from "../ui/field.tsx";

export interface NewValue {
  value: string;
  encoding: "utf8" | "base64";
}

export const NO_VALUE: NewValue = { value: "", encoding: "utf8" };

interface Props {
  label: string;
  entered: NewValue;
  onChange: (entered: NewValue) => void;
  error: string | undefined;
  autoFocus?: boolean;
}

/** Where a value is entered. It lives in the form's own state and goes with the form. */
export function ValueField({ label, entered, onChange, error, autoFocus = false }: Props) {
  const odd = entered.encoding === "utf8" && entered.value.trim() !== entered.value;
  return (
    <div>
      <Field
        label={label}
        hint={
          odd ? <span className="font-medium text-warn-text">{m.create.whitespace}</span> : m.create.valueHint
        }
        error={error}
        mono
        rows={3}
        autoFocus={autoFocus}
        value={entered.value}
        onChange={(value) => onChange({ ...entered, value })}
      />
      <Checkbox
        isSelected={entered.encoding === "base64"}
        onChange={(on) => onChange({ ...entered, encoding: on ? "base64" : "utf8" })}
        className="group mt-3 flex w-fit items-center gap-2 rounded text-sm text-muted"
      >
        <span
          aria-hidden
          className="grid size-4 place-items-center rounded border border-line-strong bg-surface text-xs leading-none text-accent-ink group-data-[selected]:border-accent group-data-[selected]:bg-accent"
        >
          <span className="hidden group-data-[selected]:block">✓</span>
        </span>
        {m.create.base64}
      </Checkbox>
    </div>
  );
}
