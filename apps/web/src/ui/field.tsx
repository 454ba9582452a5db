import { type ReactNode, type Ref, useId } from "react";
import { m } from "../messages.ts";

export const LABEL = "mb-1.5 block text-sm font-medium";
export const BOX =
  "w-full rounded-lg border border-line-strong bg-surface text-ink transition-colors hover:border-muted focus:border-accent focus:outline-2 focus:-outline-offset-1 focus:outline-accent aria-invalid:border-danger";

interface Props {
  label: string;
  /**
   * What it holds. Left out for what must not be seen in the page's own markup: React would repeat it in an attribute
   * (of an input) or in a text node (of a text area).
   */
  value?: string;
  onChange: (value: string) => void;
  hint?: ReactNode;
  error?: string | undefined;
  placeholder?: string;
  optional?: boolean;
  mono?: boolean;
  type?: "text" | "password" | "email" | "date" | "time" | "number";
  /** What a password manager may fill it with, or keep: for what belongs to the person, never for a secret of a tenant's. */
  remember?: "username" | "current-password" | "new-password" | "one-time-code" | "name";
  /** Lines of text; one when left out. */
  rows?: number;
  autoFocus?: boolean;
  inputRef?: Ref<HTMLInputElement>;
  areaRef?: Ref<HTMLTextAreaElement>;
}

/**
 * A labelled text field. Unless `remember` says so, nothing in it is remembered, completed, corrected or spell-checked by the browser: some
 * spell-checkers send what they check to a server. It has no name, so no form could ever put it into an address.
 */
export function Field(props: Props) {
  const { label, value, onChange, hint, error, placeholder, optional, mono, type = "text", rows } = props;
  const id = useId();
  const note = error ?? hint;
  const common = {
    id,
    ...(value === undefined ? { defaultValue: "" } : { value }),
    autoFocus: props.autoFocus ?? false,
    autoComplete: props.remember ?? "off",
    autoCorrect: "off",
    autoCapitalize: "none",
    spellCheck: false,
    ...(props.remember === undefined ? { "data-1p-ignore": true, "data-lpignore": "true" } : {}),
    "aria-invalid": error === undefined ? undefined : true,
    "aria-describedby": note === undefined ? undefined : `${id}-note`,
    placeholder,
  } as const;
  const font = mono ? "font-mono text-sm" : "text-base";
  return (
    <div>
      <label htmlFor={id} className={LABEL}>
        {label}
        {optional ? <span className="ml-1.5 font-normal text-faint">{m.optional}</span> : null}
      </label>
      {rows === undefined ? (
        <input
          {...common}
          ref={props.inputRef}
          type={type}
          onChange={(event) => onChange(event.target.value)}
          className={`${BOX} ${font} h-10 px-3`}
        />
      ) : (
        <textarea
          {...common}
          ref={props.areaRef}
          rows={rows}
          onChange={(event) => onChange(event.target.value)}
          className={`${BOX} ${font} block min-h-10 resize-y px-3 py-2.5`}
        />
      )}
      {/* Always there, so that an error that comes is read out. */}
      <p id={`${id}-note`} aria-live="polite" className="text-xs">
        {error !== undefined ? (
          <span className="mt-1.5 block font-medium text-danger-text">{error}</span>
        ) : hint !== undefined ? (
          <span className="mt-1.5 block text-muted">{hint}</span>
        ) : null}
      </p>
    </div>
  );
}
