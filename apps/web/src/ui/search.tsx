import { Search as Glass, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { m } from "../messages.ts";

interface Props {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

/** A search field; "/" leads to it from anywhere on the page, Escape clears it. */
export function Search({ label, value, onChange }: Props) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target as HTMLElement;
      if (target.closest("input, textarea, select, [role=dialog], [role=alertdialog], [role=menu]")) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return (
    <div className="group relative min-w-0 flex-1">
      <Glass size={15} aria-hidden className="pointer-events-none absolute top-2.5 left-2.5 text-faint" />
      <input
        ref={input}
        type="search"
        aria-label={label}
        aria-keyshortcuts="/"
        placeholder={label}
        autoComplete="off"
        spellCheck={false}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onChange("");
        }}
        className="h-9 w-full rounded-lg bg-transparent pr-9 pl-8 text-base hover:bg-sunken focus:bg-sunken focus-visible:outline-offset-0 [&::-webkit-search-cancel-button]:hidden"
      />
      {value === "" ? (
        <kbd className="pointer-events-none absolute top-2 right-2 hidden rounded border border-line bg-canvas px-1.5 text-xs leading-[1.15rem] text-muted group-focus-within:hidden! sm:block">
          /
        </kbd>
      ) : (
        <button
          type="button"
          aria-label={m.secrets.clearSearch}
          onClick={() => {
            onChange("");
            input.current?.focus();
          }}
          className="absolute top-1.5 right-1.5 grid size-6 place-items-center rounded-md text-muted hover:bg-hover"
        >
          <X size={14} aria-hidden />
        </button>
      )}
    </div>
  );
}
