import type { ReactNode } from "react";
import { FieldError } from "react-aria-components/FieldError";
import { Input } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { Text } from "react-aria-components/Text";
import { TextArea } from "react-aria-components/TextArea";
import { TextField, type TextFieldProps } from "react-aria-components/TextField";
import { m } from "../messages.ts";

export const LABEL = "mb-1.5 block text-sm font-medium";
export const BOX =
  "w-full rounded-lg border border-line-strong/60 bg-surface text-ink outline-offset-0 transition-colors hover:border-line-strong focus:border-accent focus:outline-2 focus:outline-accent focus:-outline-offset-1 data-[invalid]:border-danger";

interface Props extends Omit<TextFieldProps, "className" | "children" | "style"> {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  placeholder?: string;
  optional?: boolean;
  mono?: boolean;
  /** Lines of text; one when left out. */
  rows?: number;
}

/**
 * A labelled text field. Nothing in it is remembered, completed, corrected or spell-checked by the browser: some
 * spell-checkers send what they check to a server.
 */
export function Field({ label, hint, error, placeholder, optional, mono, rows, ...props }: Props) {
  const quiet = {
    autoComplete: "off",
    autoCorrect: "off",
    autoCapitalize: "none",
    spellCheck: false,
    "data-1p-ignore": true,
    "data-lpignore": "true",
    ...(placeholder === undefined ? {} : { placeholder }),
  } as const;
  const font = mono ? "font-mono text-sm" : "text-base";
  return (
    <TextField {...props} isInvalid={error !== undefined} validationBehavior="aria">
      <Label className={LABEL}>
        {label}
        {optional ? <span className="ml-1.5 font-normal text-faint">{m.create.optional}</span> : null}
      </Label>
      {rows === undefined ? (
        <Input {...quiet} className={`${BOX} ${font} h-10 px-3`} />
      ) : (
        <TextArea {...quiet} rows={rows} className={`${BOX} ${font} block min-h-10 resize-y px-3 py-2.5`} />
      )}
      {hint !== undefined && error === undefined ? (
        <Text slot="description" className="mt-1.5 block text-xs text-muted">
          {hint}
        </Text>
      ) : null}
      <FieldError className="mt-1.5 block text-xs font-medium text-danger-text">{error}</FieldError>
    </TextField>
  );
}
