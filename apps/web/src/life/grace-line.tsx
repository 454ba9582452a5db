import type { Version } from "../data/trpc.ts";
import { exactly } from "../ui/from-now.ts";
import { timeLeft, useNow } from "../ui/time-left.ts";
import { l } from "./messages.ts";

/** How long a superseded version still opens: counted down, and as a bar that drains. @param since when its grace began */
export function GraceLine({ version, since }: { version: Version; since: string | null }) {
  const ends = version.openUntil === null ? 0 : Date.parse(version.openUntil);
  const now = useNow();
  const left = version.opens ? timeLeft(ends - now) : "";
  if (version.held && left === "") return <p className="mt-0.5 text-xs text-warn-text">{l.grace.held}</p>;
  if (left === "" || version.openUntil === null)
    return <p className="mt-0.5 text-xs text-warn-text">{l.grace.ended}</p>;
  const began = since === null ? null : Date.parse(since);
  const share = began === null || ends <= began ? 1 : Math.min(1, Math.max(0, (ends - now) / (ends - began)));
  return (
    <div className="mt-1" title={exactly(version.openUntil)}>
      <p className="text-xs text-warn-text tabular-nums">
        {l.grace.left(left)}
        {version.held ? ` · ${l.grace.held}` : ""}
      </p>
      <div aria-hidden className="mt-1 h-1 max-w-60 overflow-hidden rounded-full bg-line">
        <div className="h-full rounded-full bg-warn-text" style={{ width: `${share * 100}%` }} />
      </div>
    </div>
  );
}
