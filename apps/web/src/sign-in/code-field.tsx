import { Field } from "../ui/field.tsx";
import { s } from "./messages.ts";

interface Props {
  label: string;
  code: string;
  onChange: (code: string) => void;
  error: string | undefined;
}

/** Where the code of a second factor is typed, or filled in by what the browser or the phone knows. */
export function CodeField({ label, code, onChange, error }: Props) {
  return (
    <Field
      label={label}
      placeholder={s.codePlaceholder}
      remember="one-time-code"
      mono
      autoFocus
      value={code}
      onChange={onChange}
      error={error}
    />
  );
}
