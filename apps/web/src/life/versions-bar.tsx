import { l } from "./messages.ts";
import type { BlastRadius } from "./use-blast-radius.ts";

// The current version first; what is older grows paler, and is told apart by its number.
const OLDER = ["fill-warn-text", "fill-warn-text/65", "fill-warn-text/40"];

/** How many running consumers use which version: a bar of parts, and the same in words. */
export function VersionsBar({ radius }: { radius: BlastRadius }) {
  const uses = radius.uses.filter(({ consumers }) => consumers > 0);
  const all = uses.reduce((sum, { consumers }) => sum + consumers, 0);
  // One version alone is said by the sums already.
  if (uses.length < 2) return null;
  const older = uses.filter(({ version }) => version !== radius.version);
  const look = (version: number) =>
    version === radius.version
      ? "fill-accent"
      : OLDER[
          Math.min(
            older.findIndex((one) => one.version === version),
            OLDER.length - 1,
          )
        ];
  let left = 0;
  return (
    <figure aria-label={l.inUse} className="border-t border-line bg-sunken px-4 py-3">
      <svg
        viewBox="0 0 100 8"
        preserveAspectRatio="none"
        className="h-2 w-full rounded-sm"
        aria-hidden="true"
      >
        {uses.map(({ version, consumers }) => {
          const width = (consumers / all) * 100;
          const x = left;
          left += width;
          // A gap between two parts, so that they are two without their colours.
          return (
            <rect
              key={version}
              x={x}
              width={Math.max(0.5, width - (left < 99.9 ? 0.6 : 0))}
              height={8}
              className={look(version)}
            />
          );
        })}
      </svg>
      <ul className="mt-1.5 flex flex-wrap gap-x-4 gap-y-0.5 text-xs text-muted">
        {uses.map(({ version, consumers }) => (
          <li key={version} className="flex items-center gap-1.5">
            <svg viewBox="0 0 8 8" className="size-2" aria-hidden="true">
              <rect width="8" height="8" rx="1" className={look(version)} />
            </svg>
            {l.usedBy(version, consumers)}
          </li>
        ))}
      </ul>
    </figure>
  );
}
