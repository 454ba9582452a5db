import type { ReactNode } from "react";

interface Props {
  checked: boolean;
  onChange: (checked: boolean) => void;
  children: ReactNode;
  /** A line under the words. */
  hint?: string;
}

/** A box to tick, with the words beside it. */
export function Checkbox({ checked, onChange, children, hint }: Props) {
  return (
    <label className="flex w-fit items-start gap-2.5 rounded text-sm">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-0.5 size-4 shrink-0 accent-accent"
      />
      <span>
        {children}
        {hint === undefined ? null : <span className="block text-xs text-muted">{hint}</span>}
      </span>
    </label>
  );
}
