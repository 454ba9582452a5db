import { Equal, Minus, Pencil, Plus } from "lucide-react";
import { Mask } from "../reveal/mask.tsx";
import type { Differences, Part } from "./differences.ts";
import { cv } from "./messages.ts";

const SIGNS = {
  added: { Icon: Plus, look: "bg-good-soft text-good-text" },
  removed: { Icon: Minus, look: "bg-danger-soft text-danger-text" },
  changed: { Icon: Pencil, look: "bg-warn-soft text-warn-text" },
} as const;

/** What differs, by name. What stands for a value is as long for every value. */
export function DifferenceList({ differences }: { differences: Differences }) {
  const { same, parts, unchanged } = differences;
  if (same)
    return (
      <p className="flex items-center gap-2 text-sm font-medium">
        <Equal size={15} aria-hidden className="shrink-0 text-good-text" />
        {cv.same}
      </p>
    );
  if (parts === null) return <p className="text-sm">{cv.differ}</p>;
  if (parts.length === 0) return <p className="text-sm">{cv.rewritten}</p>;
  const count = (sign: Part["sign"]) => parts.filter((part) => part.sign === sign).length;
  return (
    <>
      <p className="mb-2 text-sm text-muted">
        {cv.sums(count("added"), count("removed"), count("changed"), unchanged)}
      </p>
      <ul
        aria-label={cv.list}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a long list is scrolled by keyboard, too.
        tabIndex={0}
        className="max-h-72 divide-y divide-line overflow-y-auto rounded-xl border border-line"
      >
        {parts.map(({ key, sign }) => {
          const { Icon, look } = SIGNS[sign];
          return (
            <li key={key} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2 text-sm">
              <span className={`flex items-center gap-1 rounded px-1.5 py-0.5 text-xs font-medium ${look}`}>
                <Icon size={12} aria-hidden />
                {cv.signs[sign]}
              </span>
              <span className="min-w-0 flex-1 basis-32 font-mono text-xs break-all">{key}</span>
              <Mask />
            </li>
          );
        })}
      </ul>
    </>
  );
}
