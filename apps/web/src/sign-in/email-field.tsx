import { Field } from "../ui/field.tsx";
import { s } from "./messages.ts";

interface Props {
  email: string;
  onChange: (email: string) => void;
  error?: string | undefined;
}

/** Where somebody's address is typed, or filled in by their password manager. */
export function EmailField({ email, onChange, error }: Props) {
  return (
    <Field
      label={s.email}
      type="email"
      remember="username"
      autoFocus
      value={email}
      onChange={onChange}
      error={error}
    />
  );
}
