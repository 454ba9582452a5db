import type { ReactNode } from "react";

const TONES = {
  plain: "bg-sunken text-muted border-line",
  accent: "bg-accent-soft text-accent-text border-transparent",
  good: "bg-good-soft text-good-text border-transparent",
  warn: "bg-warn-soft text-warn-text border-transparent",
  danger: "bg-danger-soft text-danger-text border-transparent",
} as const;

export type Tone = keyof typeof TONES;

/** A word about a thing's state: the word says it, the colour only helps. */
export function Badge({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span
      className={`inline-flex h-5 align-middle items-center rounded-md border px-1.5 text-xs font-medium whitespace-nowrap ${TONES[tone]}`}
    >
      {children}
    </span>
  );
}
