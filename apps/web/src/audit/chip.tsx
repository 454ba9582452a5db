import { X } from "lucide-react";

/** A filter that was taken from an event, and how to take it off. */
export function Chip({ words, label, onRemove }: { words: string; label: string; onRemove: () => void }) {
  return (
    <button
      type="button"
      aria-label={label}
      onClick={onRemove}
      className="flex h-9 max-w-full items-center gap-1.5 rounded-lg bg-accent-soft px-3 text-sm font-medium text-accent-text"
    >
      <span className="truncate">{words}</span>
      <X size={14} aria-hidden className="shrink-0" />
    </button>
  );
}
