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
        onChange={(value) => onChange({ ...entered, value })}
      />
      <label className="mt-2.5 flex w-fit items-center gap-2 rounded text-sm text-muted">
        <input
          type="checkbox"
          checked={entered.encoding === "base64"}
          onChange={(event) => onChange({ ...entered, encoding: event.target.checked ? "base64" : "utf8" })}
          className="size-4 accent-accent"
        />
        {m.create.base64}
      </label>
    </div>
  );
}
